/**
 * A private certificate authority: its own certificate, and those that it
 * issues (RFC 5280).
 *
 * @module
 */

import type * as X509 from "@peculiar/x509";
import type { Host } from "../wire/host_name.ts";
import { formatIpAddress } from "../wire/ip_address.ts";
import { encodePem } from "../wire/pem.ts";
import {
  exportKey,
  generateKeys,
  KEY_ALGORITHM,
  type KeyKind,
} from "../serve/tls/certificate/keys.ts";
import {
  type KeyedCertificate,
  openAuthority,
  type Signer,
} from "../serve/tls/keyed_certificate.ts";
import { randomSerial } from "../serve/tls/serial_number.ts";
import {
  loadX509,
  type X509Certificate,
  type X509Extension,
  type X509Library,
} from "../serve/tls/x509_library.ts";

/** Settings of every certificate. */
export interface CertificateSettings {
  /** Common name, 1 to 64 characters. */
  name: string;
  /** Days of validity. */
  days: number;
  /** Kind of key. */
  keyKind: KeyKind;
  /** Start of the validity (default: now). */
  from?: Date;
}

/** Settings of an issued certificate. */
export interface IssueSettings extends CertificateSettings {
  /**
   * Names and addresses of the server, for example `*.example.com`; empty for a
   * certificate that no server uses.
   */
  servers: readonly Host[];
  /** Whether a client can use it. */
  isClient: boolean;
}

/**
 * Keeps a machine with a slow clock from finding a certificate "not yet valid".
 */
const BACKDATED = 5 * 60_000;

const DAY = 86_400_000;

/**
 * Creates a self-signed certificate for an authority.
 *
 * @returns The certificate and its key.
 */
export async function createAuthority(
  { name, days, keyKind, from }: CertificateSettings,
): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const keys = await generateKeys(keyKind);
  const subject = commonName(x509, name);
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject,
    issuer: subject,
    ...validity(days, from),
    signingAlgorithm: KEY_ALGORITHM[keyKind],
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await encode(certificate, keys);
}

/**
 * Issues a certificate. It never outlives the authority's certificate.
 *
 * @param settings Name, validity, key and purpose.
 * @returns The certificate and its key.
 * @throws {SyntaxError} If the authority is malformed or has expired.
 */
export async function issueCertificate(
  authority: KeyedCertificate,
  settings: IssueSettings,
): Promise<KeyedCertificate> {
  const x509 = await loadX509();
  const signer = await openAuthority(x509, authority);
  const { notBefore, notAfter } = validity(settings.days, settings.from);
  const end = signer.certificate.notAfter;
  if (end <= notBefore) {
    throw new SyntaxError(`the authority has expired at ${end.toISOString()}`);
  }
  const keys = await generateKeys(settings.keyKind);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: commonName(x509, settings.name),
    issuer: signer.certificate.subjectName,
    notBefore,
    notAfter: notAfter < end ? notAfter : end,
    signingAlgorithm: KEY_ALGORITHM[signer.kind],
    publicKey: keys.publicKey,
    signingKey: signer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsage(x509, settings), true),
      new x509.ExtendedKeyUsageExtension(purposes(x509, settings)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await identifySigner(x509, signer),
      ...alternativeNames(x509, settings),
    ],
  });
  return await encode(certificate, keys);
}

/**
 * Creates the extension that identifies the authority's key (RFC 5280
 * §4.2.1.1).
 */
export async function identifySigner(
  x509: X509Library,
  { certificate }: Signer,
): Promise<X509Extension> {
  // Uses the authority's own identifier, because other programs compute it
  // differently.
  const own = certificate.getExtension(x509.SubjectKeyIdentifierExtension);
  return own === null
    ? await x509.AuthorityKeyIdentifierExtension.create(certificate)
    : new x509.AuthorityKeyIdentifierExtension(own.keyId);
}

function keyUsage(
  x509: X509Library,
  { keyKind, servers }: IssueSettings,
): number {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  // TLS 1.2 clients can still send a key encrypted with RSA (RFC 5246 §7.4.2).
  const isEncipherment = keyKind === "rsa" && servers.length > 0;
  return digitalSignature | (isEncipherment ? keyEncipherment : 0);
}

function purposes(
  x509: X509Library,
  { servers, isClient }: IssueSettings,
): X509.ExtendedKeyUsageType[] {
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return [
    ...servers.length > 0 ? [serverAuth] : [],
    ...isClient ? [clientAuth] : [],
  ];
}

function alternativeNames(
  x509: X509Library,
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

/**
 * Passes a typed structure. In a text, a comma would start another attribute,
 * and the library would interpret `#41`, quotes and backslashes.
 */
function commonName(x509: X509Library, name: string): X509.Name {
  return new x509.Name([{ CN: [{ utf8String: name }] }]);
}

async function encode(
  { rawData }: X509Certificate,
  { privateKey }: CryptoKeyPair,
): Promise<KeyedCertificate> {
  return {
    certificate: encodePem(rawData, "CERTIFICATE"),
    key: await exportKey(privateKey),
  };
}

function validity(
  days: number,
  from = new Date(),
): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(+from - BACKDATED),
    notAfter: new Date(+from + days * DAY),
  };
}
