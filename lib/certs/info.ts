/**
 * Reads the contents of a certificate.
 *
 * @module
 */

import { normalizeSerial } from "../serve/tls/serial_number.ts";
import {
  loadX509,
  parseCertificate,
  type X509Certificate,
  type X509Library,
} from "../serve/tls/x509_library.ts";

/** The contents of a certificate. */
export interface CertificateInfo {
  /** Common name; empty if it has none. */
  name: string;
  /** Serial number in the form of `normalizeSerial()`. */
  serial: string;
  /** Start of the validity. */
  notBefore: Date;
  /** End of the validity. */
  notAfter: Date;
  /** Names and addresses of the server. */
  servers: string[];
  /** Whether a client can use it. */
  isClient: boolean;
  /** Whether it belongs to an authority. */
  isAuthority: boolean;
}

/**
 * Reads a certificate.
 *
 * @param pem The certificate as PEM.
 * @throws {SyntaxError} If it is not a certificate.
 */
export async function readCertificate(pem: string): Promise<CertificateInfo> {
  const x509 = await loadX509();
  const certificate = parseCertificate(x509, pem);
  const usage = certificate.getExtension(x509.ExtendedKeyUsageExtension);
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const isServer = usage?.usages.includes(serverAuth) ?? false;
  return {
    name: certificate.subjectName.getField("CN")[0] ?? "",
    serial: normalizeSerial(certificate.serialNumber),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    servers: isServer ? serverNames(x509, certificate) : [],
    isClient: usage?.usages.includes(clientAuth) ?? false,
    isAuthority: constraints?.ca ?? false,
  };
}

/**
 * Tells whether an authority issued a certificate.
 *
 * @param pem The certificate as PEM.
 * @param authority The authority's certificate as PEM.
 * @returns Whether the authority's key signed it.
 * @throws {SyntaxError} If one of them is not a certificate.
 */
export async function isIssuedBy(
  pem: string,
  authority: string,
): Promise<boolean> {
  const x509 = await loadX509();
  const certificate = parseCertificate(x509, pem);
  const publicKey = parseCertificate(x509, authority);
  try {
    return await certificate.verify({ publicKey, signatureOnly: true });
  } catch {
    return false; // The library does not know this kind of signature.
  }
}

function serverNames(
  x509: X509Library,
  certificate: X509Certificate,
): string[] {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  return (names?.names.items ?? [])
    .filter(({ type }) => type === "dns" || type === "ip")
    .map(({ value }) => value);
}
