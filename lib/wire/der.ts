/**
 * DER, the encoding of ASN.1 in X.509 (ITU-T X.690 §8, §10).
 *
 * @module
 */

/** Tags in X.509, including the bit of constructed elements (§8.1.2). */
export const TAG = {
  Boolean: 0x01,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  PrintableString: 0x13,
  TeletexString: 0x14,
  Ia5String: 0x16,
  VisibleString: 0x1a,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** One element. */
export interface DerElement {
  /** Tag of one byte. */
  tag: number;
  /** A view of the contents. */
  contents: Uint8Array;
}

/** Marks a tag of several bytes, which X.509 does not need (§8.1.2.4). */
const LONG_TAG = 0x1f;

/**
 * Parses one element that fills the input.
 *
 * ```text
 * +-----+--------+----------+     +-----+----------+----------+----------+
 * | tag | length | contents | or  | tag | X'80'+n  |  length  | contents |
 * +-----+--------+----------+     +-----+----------+----------+----------+
 * |  1  |   1    |  0..127  |     |  1  |    1     |  n: 1..3 | 128..    |
 * +-----+--------+----------+     +-----+----------+----------+----------+
 * ```
 *
 * @param tag Required tag (default any).
 * @throws {SyntaxError} If the input is not exactly one such element.
 */
export function parseDer(bytes: Uint8Array, tag?: number): DerElement {
  const [element, ...more] = parseDerElements(bytes);
  if (element === undefined || more.length > 0) {
    throw malformed("not one element");
  }
  if (tag !== undefined && element.tag !== tag) {
    throw malformed(`tag ${element.tag} in the place of ${tag}`);
  }
  return element;
}

/**
 * Parses consecutive elements, such as those of a sequence.
 *
 * @throws {SyntaxError} If the input is malformed.
 */
export function parseDerElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    if ((tag & LONG_TAG) === LONG_TAG) throw malformed("a tag is too long");
    const { start, length } = parseLength(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw malformed("an element is cut off");
    elements.push({ tag, contents: bytes.subarray(start, end) });
    at = end;
  }
  return elements;
}

/** Accepts only the shortest definite form of each length (§10.1). */
function parseLength(
  bytes: Uint8Array,
  at: number,
): { start: number; length: number } {
  const first = bytes[at];
  if (first === undefined) throw malformed("a length is cut off");
  if (first < 0x80) return { start: at + 1, length: first };
  const count = first & 0x7f;
  const start = at + 1 + count;
  if (count < 1 || count > 3 || start > bytes.length) {
    throw malformed("a length is wrong");
  }
  const digits = bytes.subarray(at + 1, start);
  const length = digits.reduce((sum, digit) => sum << 8 | digit, 0);
  if (digits[0] === 0 || length < 0x80) throw malformed("a length is wrong");
  return { start, length };
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse DER: ${state}`);
}
