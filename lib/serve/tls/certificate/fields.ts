/**
 * Reads names and extensions of a certificate that the library does not read,
 * or for which loading the library takes too long.
 *
 * @module
 */

import {
  type DerElement,
  parseDer,
  parseDerElements,
  TAG,
} from "../../../wire/der.ts";

/** Types of extensions (RFC 5280 §4.2.1), as {@linkcode CertificateFields} has them. */
export const EXTENSION = {
  KeyUsage: "551d0f", // 2.5.29.15
  SubjectAltName: "551d11", // 2.5.29.17
  BasicConstraints: "551d13", // 2.5.29.19
  NameConstraints: "551d1e", // 2.5.29.30
  ExtendedKeyUsage: "551d25", // 2.5.29.37
} as const;

/** Fields of a certificate (RFC 5280 §4.1). */
export interface CertificateFields {
  /** Its issuer: elements of the sequence, which are sets. */
  issuer: readonly DerElement[];
  /** Its subject, as the issuer is given. */
  subject: readonly DerElement[];
  /** Values of extensions, by the hexadecimal digits of their type. */
  extensions: ReadonlyMap<string, Uint8Array>;
}

/** Tags of optional fields: version, both unique ids, extensions. */
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

/**
 * Reads the fields of a certificate.
 *
 * ```text
 * [version] serial algorithm issuer validity subject key [ids] [extensions]
 * ```
 *
 * @param der The certificate.
 * @returns Its fields; the bytes are views.
 * @throws {SyntaxError} If it is malformed or repeats an extension (RFC 5280
 *   §4.2).
 */
export function readCertificateFields(der: Uint8Array): CertificateFields {
  const [signed] = parseDerElements(parseDer(der, TAG.Sequence).contents);
  const parts = parseDerElements(contentsOf(signed, TAG.Sequence));
  if (parts[0]?.tag === VERSION) parts.shift();
  const [, , issuer, , subject, , ...optional] = parts;
  const extensions = optional.find(({ tag }) => tag === EXTENSIONS);
  return {
    issuer: parseDerElements(contentsOf(issuer, TAG.Sequence)),
    subject: parseDerElements(contentsOf(subject, TAG.Sequence)),
    extensions: extensions === undefined
      ? new Map()
      : readExtensions(parseDer(extensions.contents, TAG.Sequence).contents),
  };
}

function readExtensions(list: Uint8Array): Map<string, Uint8Array> {
  const extensions = new Map<string, Uint8Array>();
  for (const extension of parseDerElements(list)) {
    const parts = parseDerElements(contentsOf(extension, TAG.Sequence));
    const type = contentsOf(parts[0], TAG.ObjectIdentifier).toHex();
    if (extensions.has(type)) {
      throw new SyntaxError(
        "Cannot read certificate: an extension comes twice",
      );
    }
    extensions.set(type, contentsOf(parts.at(-1), TAG.OctetString));
  }
  return extensions;
}

/**
 * Opens a required element.
 *
 * @param tag Its required tag.
 * @throws {SyntaxError} If it is missing or has another tag.
 */
export function contentsOf(
  element: DerElement | undefined,
  tag: number,
): Uint8Array {
  if (element?.tag === tag) return element.contents;
  throw new SyntaxError(
    `Cannot read certificate: tag ${element?.tag} in the place of ${tag}`,
  );
}
