/**
 * Which files TLS is made of.
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
  /** What is shown to the other side. */
  certificates: readonly CertificateFiles[];
  /** Path of the authorities of the other side. */
  authorities?: string | undefined;
  /** Path of their revocation lists. */
  revocationLists?: string | undefined;
}

/**
 * The TLS of a command's listeners: of several certificates the one for the
 * server that the client names is shown, or else the first; without authorities
 * no client is asked for one.
 */
export interface TlsConfig extends TlsPaths {
  /** Whether clients may come without a certificate (default false). */
  isOptional?: boolean;
}

/** The TLS of a command's connections to upstreams. */
export interface UpstreamTlsConfig extends TlsPaths {
  /** Name to ask for and to find in the certificate (default: the host's). */
  name?: string | undefined;
  /** Whether any certificate will do (default false). */
  isInsecure?: boolean;
}
