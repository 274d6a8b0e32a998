/**
 * General names in certificates and name constraints (RFC 5280 §4.2.1.6).
 *
 * @module
 */

import { formatIpAddress } from "../../wire/ip_address.ts";
import {
  type DerElement,
  parseDer,
  parseDerElements,
  TAG,
} from "../../wire/der.ts";
import {
  type CertificateFields,
  contentsOf,
  EXTENSION,
} from "./certificate/fields.ts";
import { quotePart } from "./certificate/label.ts";
import {
  ATTRIBUTE,
  canonicalName,
  type NameAttribute,
  readAttributes,
} from "./directory_name.ts";

/** Tags and words of names; `directory` is constructed (§4.2.1.6). */
export const GENERAL_NAMES = {
  other: [0xa0, "another name"],
  email: [0x81, "e-mail address"],
  dns: [0x82, "DNS name"],
  x400: [0xa3, "X.400 address"],
  directory: [0xa4, "directory name"],
  edi: [0xa5, "EDI party"],
  uri: [0x86, "URI"],
  ip: [0x87, "IP address"],
  registered: [0x88, "registered id"],
} as const;

/** A kind of name. */
export type GeneralNameKind = keyof typeof GENERAL_NAMES;

const KIND_BY_TAG: ReadonlyMap<number, GeneralNameKind> = new Map(
  Object.entries(GENERAL_NAMES).map((
    [kind, [tag]],
  ) => [tag, kind as GeneralNameKind]),
);

/** A name. */
export interface GeneralName {
  /** Its kind. */
  kind: GeneralNameKind;
  /** Its bytes. */
  bytes: Uint8Array;
  /** The same as text, one character for each byte. */
  text: string;
  /** The canonical form of a directory name. */
  directory?: readonly string[];
}

/**
 * Reads a name.
 *
 * @param element The name.
 * @throws {SyntaxError} If it is malformed.
 */
export function readGeneralName(
  { contents, tag }: DerElement,
): GeneralName {
  const kind = KIND_BY_TAG.get(tag);
  if (kind === undefined) {
    throw new SyntaxError(`Cannot read name: its tag is ${tag}`);
  }
  if (kind !== "directory") return simpleName(kind, contents);
  // Not of a tag in the place of another: a name is a choice (X.680 §31.2.7).
  const name = parseDerElements(parseDer(contents, TAG.Sequence).contents);
  return { ...simpleName(kind, contents), directory: canonicalName(name) };
}

/**
 * Reads all names of a certificate that constraints are about: the subject, the
 * e-mail addresses in it, and the alternative names. A common name counts where
 * it stands for an alternative name that is not there: one that looks like a
 * DNS name, as OpenSSL has it, and one that looks like an e-mail address, since
 * a client without any other name is called by it.
 *
 * @param isOwn Whether it is the holder's, not an authority's.
 * @throws {SyntaxError} If one can't be read.
 */
export function readNames(
  { extensions, subject }: CertificateFields,
  isOwn: boolean,
): GeneralName[] {
  const alternatives = readAlternatives(extensions);
  const attributes = readAttributes(subject).flat();
  const names = [...emailsIn(attributes), ...alternatives];
  if (isOwn) names.push(...commonNames(attributes, alternatives));
  if (subject.length === 0) return names;
  const whole = simpleName("directory", new Uint8Array());
  return [{ ...whole, directory: canonicalName(subject) }, ...names];
}

/**
 * Describes a name.
 *
 * @returns For example `DNS name 'a.example'`, fit for a terminal.
 */
export function describeName({ bytes, kind, text }: GeneralName): string {
  const [, words] = GENERAL_NAMES[kind];
  if (kind === "dns" || kind === "email" || kind === "uri") {
    return `${words} ${quotePart(text)}`;
  }
  const isAddress = kind === "ip" && [4, 16].includes(bytes.length);
  return isAddress
    ? `${words} ${formatIpAddress(Uint8Array.from(bytes))}`
    : words;
}

function readAlternatives(
  extensions: CertificateFields["extensions"],
): GeneralName[] {
  const value = extensions.get(EXTENSION.SubjectAltName);
  if (value === undefined) return [];
  return parseDerElements(parseDer(value, TAG.Sequence).contents)
    .map(readGeneralName);
}

/** RFC 5280 §4.2.1.10: one in the subject is one, too. */
function emailsIn(attributes: readonly NameAttribute[]): GeneralName[] {
  return attributes
    .filter(({ type }) => type === ATTRIBUTE.EmailAddress)
    .map(({ bytes, tag }) =>
      simpleName("email", contentsOf({ contents: bytes, tag }, TAG.Ia5String))
    );
}

function commonNames(
  attributes: readonly NameAttribute[],
  alternatives: readonly GeneralName[],
): GeneralName[] {
  const has = (wanted: GeneralNameKind) =>
    alternatives.some(({ kind }) => kind === wanted);
  return attributes
    .filter(({ type }) => type === ATTRIBUTE.CommonName)
    .flatMap(({ text = "" }): GeneralName[] => {
      // Those at the end are harmless, and others are not.
      const name = text.replace(/\0+$/, "");
      if (name.includes("\0")) {
        throw new SyntaxError("Cannot read name: a character is zero");
      }
      const bytes = new TextEncoder().encode(name);
      if (!has("dns") && looksLikeDns(name)) return [simpleName("dns", bytes)];
      if (has("email") || !name.includes("@")) return [];
      return [simpleName("email", bytes)];
    });
}

/** Two labels or more, of letters, digits and `_`, with `-` inside of them. */
function looksLikeDns(text: string): boolean {
  return /^\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)+$/.test(text);
}

function simpleName(kind: GeneralNameKind, bytes: Uint8Array): GeneralName {
  return { kind, bytes, text: toLatin1(bytes) };
}

function toLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
