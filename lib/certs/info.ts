/**
 * What a certificate says.
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

/** What a certificate says. */
export interface CertificateInfo {
  /** Common name; empty where it has none. */
  name: string;
  /** Serial number, as `normalizeSerial()` makes it. */
  serial: string;
  /** Begin of its validity. */
  notBefore: Date;
  /** End of its validity. */
  notAfter: Date;
  /** Names and addresses of the server that it is for. */
  servers: string[];
  /** Whether a client can show it. */
  isClient: boolean;
  /** Whether it is that of an authority. */
  isAuthority: boolean;
}

/**
 * Reads a certificate.
 *
 * @param pem The certificate.
 * @returns What it says.
 * @throws {SyntaxError} If it is none.
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
 * Tells whether an authority has issued a certificate.
 *
 * @param pem The certificate.
 * @returns Whether the authority's key has signed it.
 * @throws {SyntaxError} If one of them is none.
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
    return false; // A signature of a kind that the library does not know.
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
