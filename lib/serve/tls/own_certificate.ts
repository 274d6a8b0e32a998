/**
 * A certificate of our own, read with its key. The module loads
 * `node:crypto`: import it where it is first needed.
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
} from "node:crypto";
import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import { labelsOf, splitPem } from "../../wire/pem.ts";
import { type CertificateUser, requireUsage } from "./certificate/usage.ts";
import type { KeyedCertificate } from "./keyed_certificate.ts";

/** A certificate of our own. */
export interface OwnCertificate {
  /** Names that it is for, in lower case; `*.` stands for one label. */
  names: readonly string[];
  /** When it is valid. */
  notBefore: Date;
  /** The last moment when it is valid. */
  notAfter: Date;
  /** Whether it is that of an authority as well. */
  isAuthority: boolean;
}

/** A certificate and its key, with the name that messages have for them. */
export interface OwnFiles extends KeyedCertificate {
  /** Path of the certificate. */
  path: string;
}

/**
 * Reads a certificate and its key.
 *
 * @param files The two.
 * @param user Who is to show it.
 * @throws {SyntaxError} If one of them is malformed, they don't belong together,
 *   or the certificate is for another use. It names the path, and never repeats
 *   the key.
 */
export function readOwnCertificate(
  { certificate, key, path }: OwnFiles,
  user: CertificateUser,
): OwnCertificate {
  try {
    const own = parse(certificate);
    if (!isKeyOf(own, key)) {
      throw new SyntaxError("the key belongs to another certificate");
    }
    return {
      names: namesOf(own),
      notBefore: new Date(own.validFrom),
      notAfter: new Date(own.validTo),
      ...requireUsage(own.raw, user),
    };
  } catch (cause) {
    throw new SyntaxError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Warns of a certificate that is an authority's as well. OpenSSL, curl and Go
 * take it where they trust it, others only where they pin it or never.
 *
 * @param path Path of the certificate.
 * @param other Whom it is shown to.
 * @returns What to log.
 */
export function authorityWarning(
  path: string,
  other: "client" | "upstream",
): LogEvent {
  const message =
    `Certificate ${path} belongs to an authority (CA:TRUE), as 'openssl req -x509' makes it: some ${other}s will refuse it`;
  return messageEvent("warning", "certificate-authority", message);
}

/**
 * Checks that text is a private key that a server can use.
 *
 * @param pem The key as PEM.
 * @throws {SyntaxError} If it is none. It never repeats the text.
 */
export function requireKey(pem: string): string {
  const labels = labelsOf(pem);
  const isEncrypted = labels.includes("ENCRYPTED PRIVATE KEY") ||
    pem.includes("Proc-Type: 4,ENCRYPTED"); // RFC 1421 §4.6.1.1
  if (isEncrypted) {
    throw new SyntaxError("the key is encrypted, and there is no passphrase");
  }
  if (!labels.some((label) => label.endsWith("PRIVATE KEY"))) {
    throw new SyntaxError("it has no private key in PEM");
  }
  try {
    createPrivateKey(pem);
  } catch {
    // Without the cause, which may quote the key.
    throw new SyntaxError("it has no private key that can be read");
  }
  return pem;
}

/**
 * Checks that text has certificates.
 *
 * @param pem Certificates as PEM.
 * @throws {SyntaxError} If it has none, or one is malformed.
 */
export function requireCertificates(pem: string): string {
  const parts = splitPem(pem, "CERTIFICATE");
  if (parts.length === 0) throw new SyntaxError("it has no certificate in PEM");
  for (const part of parts) parse(part);
  return pem;
}

function parse(pem: string): X509Certificate {
  try {
    const [first = ""] = splitPem(pem, "CERTIFICATE");
    return new X509Certificate(first);
  } catch (cause) {
    throw new SyntaxError("it has no certificate that can be read", { cause });
  }
}

function isKeyOf({ publicKey }: X509Certificate, key: string): boolean {
  const format = { type: "spki", format: "der" } as const;
  const own = new Uint8Array(publicKey.export(format));
  const other = new Uint8Array(createPublicKey(key).export(format));
  return own.toHex() === other.toHex();
}

/** Where there is no alternative name, the common name is not asked (RFC 6125). */
function namesOf({ subjectAltName = "" }: X509Certificate): string[] {
  return subjectAltName.split(", ")
    .filter((name) => name.startsWith("DNS:"))
    .map((name) => name.slice("DNS:".length).toLowerCase());
}
