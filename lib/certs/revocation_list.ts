/**
 * The list of certificates that an authority has revoked (RFC 5280 §5).
 *
 * @module
 */

import type { RevokedCertificate } from "@peculiar/asn1-x509";
import type { X509CrlEntryParams } from "@peculiar/x509";
import { encodePem } from "../wire/pem.ts";
import { identifySigner } from "./authority.ts";
import { KEY_ALGORITHM } from "../serve/tls/certificate/keys.ts";
import {
  type KeyedCertificate,
  openAuthority,
  type Signer,
} from "../serve/tls/keyed_certificate.ts";
import { normalizeSerial } from "../serve/tls/serial_number.ts";
import {
  loadStructures,
  loadX509,
  parseListStructure,
  parseRevocationList,
  type X509Library,
  type X509RevocationList,
} from "../serve/tls/x509_library.ts";

/** CRL number (RFC 5280 §5.2.3). */
const CRL_NUMBER = "2.5.29.20";

/** Most certificates on a list; adding one to a full list takes two seconds. */
const MOST_REVOKED = 5_000;

/** Keeps a machine with a slow clock from finding a list "not yet valid". */
const BACKDATED = 5 * 60_000;

/**
 * Creates an empty list that is valid as long as the authority.
 *
 * @returns The list as PEM.
 * @throws {SyntaxError} If the authority is malformed.
 */
export async function createRevocationList(
  authority: KeyedCertificate,
): Promise<string> {
  const x509 = await loadX509();
  const signer = await openAuthority(x509, authority);
  const list = await makeList(x509, signer, 1n, []);
  return encodePem(list.rawData, "X509 CRL");
}

/**
 * Adds a certificate to a list, with the current time. A certificate that is
 * already on the list keeps its entry.
 *
 * @param before The current list as PEM.
 * @param serial Serial number of the certificate, hexadecimal.
 * @returns The new list as PEM.
 * @throws {SyntaxError} If the authority or the list is malformed, or the list
 *   belongs to another authority or is full.
 */
export async function addRevoked(
  authority: KeyedCertificate,
  before: string,
  serial: string,
): Promise<string> {
  const x509 = await loadX509();
  const signer = await openAuthority(x509, authority);
  const structure = parseListStructure(await loadStructures(), before);
  const list = new x509.X509Crl(structure);
  const isOwn = await list.verify({ publicKey: signer.certificate })
    .catch(() => false);
  if (!isOwn) {
    throw new SyntaxError("the revocation list belongs to another authority");
  }
  const serialNumber = normalizeSerial(serial);
  const isOnIt = list.entries.some((entry) =>
    normalizeSerial(entry.serialNumber) === serialNumber
  );
  if (isOnIt) return before;
  if (list.entries.length >= MOST_REVOKED) {
    throw new SyntaxError(`the revocation list is full: ${MOST_REVOKED}`);
  }
  const reason = x509.X509CrlReason.privilegeWithdrawn;
  const entry = { serialNumber, revocationDate: new Date(), reason };
  const addition = await makeList(x509, signer, readNumber(list) + 1n, [entry]);
  // Unchanged, including anything that another program added.
  const earlier = structure.tbsCertList.revokedCertificates ?? [];
  const whole = await prependEntries(x509, signer, addition, earlier);
  return encodePem(new Uint8Array(whole), "X509 CRL");
}

/**
 * Reads the revoked certificates of a list.
 *
 * @param pem The list as PEM.
 * @returns Serial numbers in the form of {@linkcode normalizeSerial}.
 * @throws {SyntaxError} If it is not a revocation list.
 */
export async function revokedSerials(pem: string): Promise<Set<string>> {
  const { entries } = await parseRevocationList(await loadX509(), pem);
  return new Set(entries.map((entry) => normalizeSerial(entry.serialNumber)));
}

/** Signs a list of few entries: the library compares each with all others. */
async function makeList(
  x509: X509Library,
  signer: Signer,
  number: bigint,
  entries: X509CrlEntryParams[],
): Promise<X509RevocationList> {
  return await x509.X509CrlGenerator.create({
    issuer: signer.certificate.subjectName,
    thisUpdate: new Date(Date.now() - BACKDATED),
    nextUpdate: signer.certificate.notAfter,
    signingAlgorithm: KEY_ALGORITHM[signer.kind],
    signingKey: signer.key,
    entries,
    extensions: [
      await identifySigner(x509, signer),
      new x509.Extension(CRL_NUMBER, false, encodeNumber(number)),
    ],
  });
}

/** Inserts entries before those of a list, and signs it again. */
async function prependEntries(
  x509: X509Library,
  signer: Signer,
  list: X509RevocationList,
  entries: readonly RevokedCertificate[],
): Promise<ArrayBuffer> {
  const { AsnConvert, CertificateList } = await loadStructures();
  const whole = AsnConvert.parse(list.rawData, CertificateList);
  const { tbsCertList } = whole;
  const own = tbsCertList.revokedCertificates ?? [];
  tbsCertList.revokedCertificates = [...entries, ...own];
  const algorithm = KEY_ALGORITHM[signer.kind];
  const content = AsnConvert.serialize(tbsCertList);
  const signature = await crypto.subtle.sign(algorithm, signer.key, content);
  const ecdsa = new x509.AsnEcSignatureFormatter();
  whole.signature = ecdsa.toAsnSignature(algorithm, signature) ?? signature;
  return AsnConvert.serialize(whole);
}

/** The number of a list. Each list has a higher number than the one before. */
function readNumber(list: X509RevocationList): bigint {
  const extension = list.extensions.find(({ type }) => type === CRL_NUMBER);
  if (extension === undefined) return 0n;
  // An INTEGER of at most 20 bytes: type and length take one byte each.
  const hex = new Uint8Array(extension.value).subarray(2).toHex();
  return BigInt(`0x0${hex}`);
}

/** DER of a positive INTEGER of less than 128 bytes. */
function encodeNumber(number: bigint): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.fromHex(normalizeSerial(number.toString(16)));
  const padded = bytes[0]! >= 0x80 ? [0, ...bytes] : [...bytes];
  return new Uint8Array([0x02, padded.length, ...padded]);
}
