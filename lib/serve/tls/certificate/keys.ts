/**
 * Keys of certificates, between WebCrypto and PEM.
 *
 * @module
 */

import { decodePem, encodePem } from "../../../wire/pem.ts";

/** Kinds of keys. */
export const KEY_KINDS = ["ecdsa", "rsa"] as const;

/** A kind of key: ECDSA on P-256, or RSA of 3072 bits. */
export type KeyKind = typeof KEY_KINDS[number];

/** WebCrypto parameters of each kind; signatures use SHA-256. */
export const KEY_ALGORITHM: Readonly<
  Record<KeyKind, EcKeyGenParams & RsaHashedKeyGenParams>
> = {
  ecdsa: algorithm("ECDSA"),
  rsa: algorithm("RSASSA-PKCS1-v1_5"),
};

/** WebCrypto ignores the fields of the other kind. */
function algorithm(name: string): EcKeyGenParams & RsaHashedKeyGenParams {
  return {
    name,
    namedCurve: "P-256",
    modulusLength: 3072,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
}

/**
 * Generates a pair of keys.
 *
 * @returns The keys; the private one is extractable.
 */
export function generateKeys(kind: KeyKind): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM[kind], true, [
    "sign",
    "verify",
  ]);
}

/**
 * Encodes a private key as PEM (PKCS #8, RFC 5958).
 *
 * @param key An extractable key.
 * @returns The text; it is secret.
 */
export async function exportKey(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  return encodePem(der, "PRIVATE KEY");
}

/**
 * Imports a private key to sign with.
 *
 * @param pem The key as {@linkcode exportKey} makes it.
 * @throws {SyntaxError} If it is malformed. Neither the message nor a cause
 *   repeats the text.
 */
export async function importKey(
  pem: string,
  kind: KeyKind,
): Promise<CryptoKey> {
  try {
    const der = decodePem(pem, "PRIVATE KEY");
    const algorithm = KEY_ALGORITHM[kind];
    return await crypto.subtle.importKey("pkcs8", der, algorithm, false, [
      "sign",
    ]);
  } catch {
    const what = kind === "ecdsa" ? "ECDSA key on P-256" : "RSA key";
    throw new SyntaxError(`not a private ${what} in PEM (PKCS #8, in clear)`);
  }
}
