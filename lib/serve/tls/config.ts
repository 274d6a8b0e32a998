/**
 * Paths and settings of TLS.
 *
 * @module
 */

/** Files of a certificate and its key. */
export interface CertificateFiles {
  /** Path of the certificate, followed by those up to its authority. */
  certificate: string;
  /** Path of its private key. */
  key: string;
}

/** Files of one side of TLS. */
export interface TlsPaths {
  /** Own certificates. */
  certificates: readonly CertificateFiles[];
  /** Path of the authorities of the other side. */
  authorities?: string | undefined;
  /** Path of their revocation lists. */
  revocationLists?: string | undefined;
}

/**
 * TLS of a command's listeners. Of several certificates, clients get the one
 * for the server name they request, or else the first. Without authorities no
 * client is asked for a certificate.
 */
export interface TlsConfig extends TlsPaths {
  /** Whether clients may connect without a certificate (default false). */
  isOptional?: boolean;
}

/** The TLS of a command's connections to upstreams. */
export interface UpstreamTlsConfig extends TlsPaths {
  /** Server name to request and to verify (default: the host's). */
  name?: string | undefined;
  /** Whether to accept any certificate (default false). */
  isInsecure?: boolean;
}
