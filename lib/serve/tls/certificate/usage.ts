/**
 * Checks whether a certificate may be used by a server or client before it is
 * shown (RFC 5280 §4.2.1.3, §4.2.1.12), as OpenSSL, curl and Go judge it.
 *
 * @module
 */

import { parseDer, parseDerElements, TAG } from "../../../wire/der.ts";
import {
  type CertificateFields,
  contentsOf,
  EXTENSION,
  readCertificateFields,
} from "./fields.ts";

/** The user of a certificate. */
export type CertificateUser = "server" | "client";

/** Bits of `keyUsage` by their places, the first in the highest bit. */
const KEY_USAGES = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

/** Purposes by the hexadecimal digits of their types. */
const PURPOSES: ReadonlyMap<string, string> = new Map([
  ["2b06010505070301", "serverAuth"], // 1.3.6.1.5.5.7.3.1
  ["2b06010505070302", "clientAuth"],
  ["2b06010505070303", "codeSigning"],
  ["2b06010505070304", "emailProtection"],
  ["2b06010505070308", "timeStamping"],
  ["2b06010505070309", "OCSPSigning"],
  ["551d2500", "anyExtendedKeyUsage"], // 2.5.29.37.0
]);

/** What each user needs: one of the usages, and the purpose. */
const NEEDS: Readonly<
  Record<CertificateUser, { usages: readonly string[]; purpose: string }>
> = {
  server: {
    usages: ["digitalSignature", "keyEncipherment", "keyAgreement"],
    purpose: "serverAuth",
  },
  client: {
    usages: ["digitalSignature", "keyAgreement"],
    purpose: "clientAuth",
  },
};

/** Most purposes that a message names; it only counts the rest. */
const MOST_NAMED = 8;

/**
 * Checks that a certificate does not forbid its use by a server or client. One
 * without usages allows any.
 *
 * @param der The certificate.
 * @param user Who will use it.
 * @returns Whether it is also an authority's, as `openssl req -x509` creates
 *   it: peers decide for themselves whether they accept that.
 * @throws {SyntaxError} If it is malformed or for another use; the message
 *   names the missing one.
 */
export function requireUsage(
  der: Uint8Array,
  user: CertificateUser,
): { isAuthority: boolean } {
  const { extensions } = read(der);
  const { purpose, usages } = NEEDS[user];
  const keyUsages = readKeyUsages(extensions);
  if (keyUsages && !keyUsages.some((usage) => usages.includes(usage))) {
    const isAuthority = keyUsages.includes("keyCertSign");
    throw notFor(
      user,
      `its keyUsage is ${list(keyUsages)} and lacks ${usages[0]}${
        isAuthority ? ": it is an authority's, which signs certificates" : ""
      }`,
    );
  }
  const purposes = readPurposes(extensions);
  const isFor = purposes?.includes(purpose) ||
    purposes?.includes("anyExtendedKeyUsage");
  if (purposes && !isFor) {
    throw notFor(
      user,
      `its extendedKeyUsage is ${list(purposes)} and lacks ${purpose}`,
    );
  }
  return { isAuthority: isAuthorityOf(extensions) };
}

function notFor(user: CertificateUser, why: string): SyntaxError {
  return new SyntaxError(`the certificate is not for ${user}s: ${why}`);
}

function read(der: Uint8Array): CertificateFields {
  try {
    return readCertificateFields(der);
  } catch (cause) {
    throw new SyntaxError("it has no certificate that can be read", { cause });
  }
}

/** The first byte is the number of unused bits at the end (X.690 §8.6.2). */
function readKeyUsages(
  extensions: CertificateFields["extensions"],
): string[] | undefined {
  const value = extensions.get(EXTENSION.KeyUsage);
  if (value === undefined) return undefined;
  const [, ...bytes] = parseDer(value, TAG.BitString).contents;
  return KEY_USAGES.filter((_, index) =>
    ((bytes[index >> 3] ?? 0) & 0x80 >> index % 8) !== 0
  );
}

function readPurposes(
  extensions: CertificateFields["extensions"],
): string[] | undefined {
  const value = extensions.get(EXTENSION.ExtendedKeyUsage);
  if (value === undefined) return undefined;
  return parseDerElements(parseDer(value, TAG.Sequence).contents)
    .map((purpose) => contentsOf(purpose, TAG.ObjectIdentifier).toHex())
    .map((type) => PURPOSES.get(type) ?? "another");
}

function isAuthorityOf(extensions: CertificateFields["extensions"]): boolean {
  const value = extensions.get(EXTENSION.BasicConstraints);
  if (value === undefined) return false;
  const [first] = parseDerElements(parseDer(value, TAG.Sequence).contents);
  return first?.tag === TAG.Boolean && first.contents[0] !== 0;
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "empty";
  const shown = names.slice(0, MOST_NAMED).join(", ");
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
