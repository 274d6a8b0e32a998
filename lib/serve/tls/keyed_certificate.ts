/**
 * A certificate with its private key, for servers, clients and authorities.
 *
 * @module
 */

import { importKey, KEY_ALGORITHM, type KeyKind } from "./certificate/keys.ts";
import {
  loadX509,
  parseCertificate,
  type X509Certificate,
  type X509Library,
} from "./x509_library.ts";

/** A certificate and its key, as PEM. */
export interface KeyedCertificate {
  /** The certificate. */
  certificate: string;
  /** Its private key; secret. */
  key: string;
}

/** A certificate and key that sign. */
export interface Signer {
  /** The signer's certificate. */
  certificate: X509Certificate;
  /** The private key; it can't be exported. */
  key: CryptoKey;
  /** Which kind of key that is. */
  kind: KeyKind;
}

/** Bytes to sign, to check that a key belongs to a certificate. */
const PROBE = new TextEncoder().encode("sluice");

/**
 * Opens a certificate and its key.
 *
 * @param pair The two.
 * @returns A certificate and key that sign.
 * @throws {SyntaxError} If one is malformed, or they do not belong together.
 */
async function openKeyed(
  x509: X509Library,
  pair: KeyedCertificate,
): Promise<Signer> {
  const certificate = parseCertificate(x509, pair.certificate);
  const { algorithm } = certificate.publicKey;
  const kind = algorithm.name === "ECDSA" ? "ecdsa" : "rsa";
  const key = await importKey(pair.key, kind);
  const signature = await crypto.subtle.sign(KEY_ALGORITHM[kind], key, PROBE);
  if (!await isSignedBy(certificate, kind, signature)) {
    throw new SyntaxError("the key belongs to another certificate");
  }
  return { certificate, key, kind };
}

/**
 * Opens an authority to sign with.
 *
 * @param authority Its certificate and key.
 * @returns A certificate and key that sign.
 * @throws {SyntaxError} If one is malformed, they don't belong together, or the
 *   certificate is not one of an authority (RFC 5280 §4.2.1.9).
 */
export async function openAuthority(
  x509: X509Library,
  authority: KeyedCertificate,
): Promise<Signer> {
  const signer = await openKeyed(x509, authority);
  const constraints = signer.certificate
    .getExtension(x509.BasicConstraintsExtension);
  if (!constraints?.ca) {
    throw new SyntaxError("the certificate is not one of an authority");
  }
  return signer;
}

/**
 * Checks that a certificate and a key belong together.
 *
 * @param pair The two.
 * @throws {SyntaxError} If they don't, or one is malformed.
 */
export async function checkKeyed(pair: KeyedCertificate): Promise<void> {
  await openKeyed(await loadX509(), pair);
}

async function isSignedBy(
  { publicKey }: X509Certificate,
  kind: KeyKind,
  signature: ArrayBuffer,
): Promise<boolean> {
  try {
    const algorithm = KEY_ALGORITHM[kind];
    const key = await publicKey.export(algorithm, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, signature, PROBE);
  } catch {
    return false; // For example a key on another curve.
  }
}
