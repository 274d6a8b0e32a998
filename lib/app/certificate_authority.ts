/**
 * A private authority: its own certificate, those that it issues, and the list
 * of those that it has revoked (RFC 5280).
 *
 * @module
 */

import type * as X509 from "@peculiar/x509";
import type { Host } from "../wire/host_name.ts";
import { formatIpAddress } from "../wire/ip_address.ts";
import {
  encodePem,
  exportKey,
  generateKeys,
  importKey,
  KEY_ALGORITHM,
  type KeyKind,
} from "./certificate_keys.ts";

/** A certificate and its key, as PEM. */
export interface KeyedCertificate {
  /** The certificate. */
  certificate: string;
  /** Its private key; secret. */
  key: string;
}

/** What all certificates are made by. */
export interface CertificateSettings {
  /** Common name, 1 to 64 characters. */
  name: string;
  /** Days that it is valid. */
  days: number;
  /** Kind of its key. */
  keyKind: KeyKind;
}

/** What an issued certificate is for. */
export interface IssueSettings extends CertificateSettings {
  /** Names and addresses of the server that it is for; none where it is none. */
  servers: readonly Host[];
  /** Whether a client can show it. */
  isClient: boolean;
}

/** What a certificate says. */
export interface CertificateInfo {
  /** Common name. */
  name: string;
  /** Serial number, hexadecimal. */
  serial: string;
  /** End of its validity. */
  notAfter: Date;
  /** Names and addresses that it is for. */
  servers: string[];
  /** Whether a client can show it. */
  isClient: boolean;
}

const DAY = 86_400_000;

/** A clock that is behind ours must not find it "not yet valid". */
const BACKDATED = 5 * 60_000;

/** Bytes of a serial number: random, so that it can't be foreseen. */
const SERIAL_BYTES = 16;

/** CRL number (RFC 5280 §5.2.3). */
const CRL_NUMBER = "2.5.29.20";

/**
 * Makes the certificate of an authority, signed by itself.
 *
 * @param settings Its name, life and key.
 * @returns The certificate and its key.
 */
export async function createAuthority(
  { name, days, keyKind }: CertificateSettings,
): Promise<KeyedCertificate> {
  const x509 = await load();
  const keys = await generateKeys(keyKind);
  const notBefore = now();
  const subject = commonName(x509, name);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject,
    issuer: subject,
    notBefore: new Date(+notBefore - BACKDATED),
    notAfter: new Date(+notBefore + days * DAY),
    signingAlgorithm: KEY_ALGORITHM[keyKind],
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: toPem(certificate),
    key: await exportKey(keys.privateKey),
  };
}

/**
 * Issues a certificate. It does not outlive the authority's.
 *
 * @param authority The authority.
 * @param settings What it is for.
 * @returns The certificate and its key.
 * @throws {SyntaxError} If the authority is none.
 */
export async function issueCertificate(
  authority: KeyedCertificate,
  settings: IssueSettings,
): Promise<KeyedCertificate> {
  const x509 = await load();
  const signer = await openAuthority(x509, authority);
  const keys = await generateKeys(settings.keyKind);
  const notBefore = now();
  const end = +notBefore + settings.days * DAY;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: commonName(x509, settings.name),
    issuer: signer.certificate.subjectName,
    notBefore: new Date(+notBefore - BACKDATED),
    notAfter: new Date(Math.min(end, +signer.certificate.notAfter)),
    signingAlgorithm: KEY_ALGORITHM[signer.kind],
    publicKey: keys.publicKey,
    signingKey: signer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsage(x509, settings), true),
      new x509.ExtendedKeyUsageExtension(purposes(x509, settings)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer.certificate),
      ...alternativeNames(x509, settings),
    ],
  });
  return {
    certificate: toPem(certificate),
    key: await exportKey(keys.privateKey),
  };
}

/**
 * Makes the list of revoked certificates, with one more on it where one is
 * named. It is valid as long as the authority.
 *
 * @param authority The authority.
 * @param before The list so far; `undefined` makes the first.
 * @param serial Serial number to add, hexadecimal.
 * @returns The list as PEM.
 * @throws {SyntaxError} If the authority or the list is none.
 */
export async function createRevocationList(
  authority: KeyedCertificate,
  before: string | undefined,
  serial?: string,
): Promise<string> {
  const x509 = await load();
  const { certificate, key, kind } = await openAuthority(x509, authority);
  const list = before === undefined
    ? undefined
    : parseRevocationList(x509, before);
  const entries = (list?.entries ?? []).map((entry) => ({
    serialNumber: entry.serialNumber,
    revocationDate: entry.revocationDate,
    reason: x509.X509CrlReason.privilegeWithdrawn,
  }));
  if (serial !== undefined) {
    entries.push({
      serialNumber: serial,
      revocationDate: now(),
      reason: x509.X509CrlReason.privilegeWithdrawn,
    });
  }
  const next = await x509.X509CrlGenerator.create({
    issuer: certificate.subjectName,
    thisUpdate: new Date(+now() - BACKDATED),
    nextUpdate: certificate.notAfter,
    signingAlgorithm: KEY_ALGORITHM[kind],
    signingKey: key,
    entries,
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(certificate),
      new x509.Extension(CRL_NUMBER, false, encodeNumber(entries.length + 1)),
    ],
  });
  return encodePem("X509 CRL", new Uint8Array(next.rawData));
}

/**
 * Reads which certificates a list revokes.
 *
 * @param pem The list.
 * @returns Serial numbers, hexadecimal.
 * @throws {SyntaxError} If it is no list.
 */
export async function revokedSerials(pem: string): Promise<Set<string>> {
  const list = parseRevocationList(await load(), pem);
  return new Set(list.entries.map(({ serialNumber }) => serialNumber));
}

/**
 * Reads a certificate.
 *
 * @param pem The certificate.
 * @returns What it says.
 * @throws {SyntaxError} If it is none.
 */
export async function readCertificate(pem: string): Promise<CertificateInfo> {
  const x509 = await load();
  const certificate = parseCertificate(x509, pem);
  const usage = certificate.getExtension(x509.ExtendedKeyUsageExtension);
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  return {
    name: certificate.subjectName.getField("CN")[0] ?? "",
    serial: certificate.serialNumber,
    notAfter: certificate.notAfter,
    servers: (names?.names.items ?? []).map(({ value }) => value),
    isClient: usage?.usages.includes(x509.ExtendedKeyUsage.clientAuth) ?? false,
  };
}

type Library = typeof X509;

/** Loaded when it is needed: it takes a tenth of a second. */
async function load(): Promise<Library> {
  await import("reflect-metadata"); // The library does not work without it.
  return await import("@peculiar/x509");
}

interface Signer {
  certificate: X509.X509Certificate;
  key: CryptoKey;
  kind: KeyKind;
}

async function openAuthority(
  x509: Library,
  { certificate: pem, key }: KeyedCertificate,
): Promise<Signer> {
  const certificate = parseCertificate(x509, pem);
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  if (!constraints?.ca) {
    throw new SyntaxError("the authority's certificate is not one of a CA");
  }
  const kind = certificate.publicKey.algorithm.name === "ECDSA"
    ? "ecdsa"
    : "rsa";
  return { certificate, key: await importKey(key, kind), kind };
}

function parseCertificate(x509: Library, pem: string): X509.X509Certificate {
  try {
    return new x509.X509Certificate(pem);
  } catch (cause) {
    throw new SyntaxError("not a certificate in PEM", { cause });
  }
}

function parseRevocationList(x509: Library, pem: string): X509.X509Crl {
  try {
    const base64 = /-----BEGIN X509 CRL-----([^-]+)-----END/.exec(pem)![1]!;
    return new x509.X509Crl(Uint8Array.fromBase64(base64));
  } catch (cause) {
    throw new SyntaxError("not a revocation list in PEM", { cause });
  }
}

function keyUsage(x509: Library, { keyKind, servers }: IssueSettings): number {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  // TLS 1.2 can still send a key encrypted with RSA (RFC 5246 §7.4.2).
  const isEncipherment = keyKind === "rsa" && servers.length > 0;
  return digitalSignature | (isEncipherment ? keyEncipherment : 0);
}

function purposes(
  x509: Library,
  { servers, isClient }: IssueSettings,
): X509.ExtendedKeyUsageType[] {
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return [
    ...servers.length > 0 ? [serverAuth] : [],
    ...isClient ? [clientAuth] : [],
  ];
}

function alternativeNames(
  x509: Library,
  { name, servers }: IssueSettings,
): X509.Extension[] {
  const names: X509.JsonGeneralName[] = servers.map((host) =>
    typeof host === "string"
      ? { type: "dns", value: host }
      : { type: "ip", value: formatIpAddress(host) }
  );
  if (name.includes("@")) names.push({ type: "email", value: name });
  return names.length === 0
    ? []
    : [new x509.SubjectAlternativeNameExtension(names)];
}

/** As a structure: in a text, a comma would begin another attribute. */
function commonName(x509: Library, name: string): X509.Name {
  return new x509.Name([{ CN: [name] }]);
}

function toPem(certificate: X509.X509Certificate): string {
  return encodePem("CERTIFICATE", new Uint8Array(certificate.rawData));
}

/** Positive, and so without its highest bit (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  bytes[0] = bytes[0]! & 0x3f | 0x40;
  return bytes.toHex();
}

/** Times in certificates have whole seconds. */
function now(): Date {
  return new Date(Math.floor(Date.now() / 1000) * 1000);
}

/** DER of a small positive INTEGER. */
function encodeNumber(number: number): Uint8Array<ArrayBuffer> {
  const hex = number.toString(16);
  const bytes = Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const padded = bytes[0]! >= 0x80 ? [0, ...bytes] : [...bytes];
  return new Uint8Array([0x02, padded.length, ...padded]);
}
