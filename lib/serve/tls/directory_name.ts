/**
 * Directory names in a canonical form for comparison.
 *
 * @module
 */

import { type DerElement, parseDerElements, TAG } from "../../wire/der.ts";
import { contentsOf } from "./certificate/fields.ts";

/** An attribute of a name. */
export interface NameAttribute {
  /** Hexadecimal digits of its type. */
  type: string;
  /** Tag of its value. */
  tag: number;
  /** Its value; `undefined` if it is no text. */
  text: string | undefined;
  /** Bytes of its value. */
  bytes: Uint8Array;
}

/** Types of attributes, as {@linkcode NameAttribute} has them. */
export const ATTRIBUTE = {
  CommonName: "550403", // 2.5.4.3
  EmailAddress: "2a864886f70d010901", // 1.2.840.113549.1.9.1
} as const;

/** Blanks at the ends do not count, and many count as one (RFC 4518 §2.6.1). */
const BLANKS = /[ \t\n\v\f\r]+/g;

/**
 * Reads the attributes of a name.
 *
 * @param name Elements of its sequence, each a set.
 * @returns Those of each set.
 * @throws {SyntaxError} If it is no name.
 */
export function readAttributes(
  name: readonly DerElement[],
): readonly (readonly NameAttribute[])[] {
  return name.map((set) =>
    parseDerElements(contentsOf(set, TAG.Set)).map((attribute) => {
      const [type, value, ...more] = parseDerElements(
        contentsOf(attribute, TAG.Sequence),
      );
      if (value === undefined || more.length > 0) {
        throw new SyntaxError("Cannot read name: an attribute has no value");
      }
      return {
        type: contentsOf(type, TAG.ObjectIdentifier).toHex(),
        tag: value.tag,
        text: decode(value),
        bytes: value.contents,
      };
    })
  );
}

/**
 * Converts a name into its canonical form: string types, case (of ASCII, like
 * OpenSSL) and blanks make no difference (RFC 5280 §7.1).
 *
 * @param name Elements of its sequence, each a set.
 * @returns A text for each set: a name is below another if its texts begin with
 *   those of the other.
 * @throws {SyntaxError} If it is no name.
 */
export function canonicalName(name: readonly DerElement[]): readonly string[] {
  return readAttributes(name).map((set) =>
    JSON.stringify(set.map(canonicalAttribute).sort())
  );
}

function canonicalAttribute(
  { bytes, tag, text, type }: NameAttribute,
): string {
  if (text === undefined) return `${type} ${tag} ${bytes.toHex()}`;
  const trimmed = text.replace(BLANKS, " ").replace(/^ | $/g, "");
  return `${type} text ${lowerAscii(trimmed)}`;
}

/**
 * Converts ASCII capitals to lower case, and no other letters.
 *
 * @returns The converted text.
 */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

function decode({ contents, tag }: DerElement): string | undefined {
  switch (tag) {
    case TAG.Utf8String:
      return fromUtf8(contents);
    case TAG.PrintableString:
    case TAG.TeletexString:
    case TAG.Ia5String:
    case TAG.VisibleString:
      return fromUnits(contents, 1);
    case TAG.BmpString:
      return fromUnits(contents, 2);
    case TAG.UniversalString:
      return fromUnits(contents, 4);
    default:
      return undefined;
  }
}

/** Different malformed bytes must not become the same text. */
function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (cause) {
    throw new SyntaxError("Cannot read name: it is not UTF-8", { cause });
  }
}

/** Characters of so many bytes each, the highest byte first. */
function fromUnits(bytes: Uint8Array, size: 1 | 2 | 4): string {
  if (bytes.length % size !== 0) {
    throw new SyntaxError("Cannot read name: a character is cut off");
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += size) {
    const code = bytes.subarray(at, at + size)
      .reduce((sum, byte) => sum * 0x100 + byte, 0);
    if (code > 0x10ffff) {
      throw new SyntaxError("Cannot read name: a character is none");
    }
    text += String.fromCodePoint(code);
  }
  return text;
}
