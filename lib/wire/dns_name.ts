/**
 * Names in DNS messages (RFC 1035 §3.1).
 *
 * @module
 */

/** Bytes of a name, including the length of each label and the root's. */
export const LONGEST_DNS_NAME = 255;

/**
 * Bytes of a label. Larger lengths set the two highest bits, which mark a
 * pointer.
 */
export const LONGEST_DNS_LABEL = 63;

/**
 * Encodes a name: each label after its length, then a zero.
 *
 * ```text
 * example.com  ->  07 e x a m p l e 03 c o m 00
 * ```
 *
 * @param name Name as text; a final dot makes no difference.
 * @returns One character for each byte, in lower case. Equal names have equal
 *   texts.
 * @throws {SyntaxError} If a label is empty or too long, or the name is too
 *   long.
 */
export function encodeDnsName(name: string): string {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  let encoded = "";
  for (const label of bare.split(".")) {
    if (label === "" || label.length > LONGEST_DNS_LABEL) {
      throw new SyntaxError(
        `Cannot encode name: a label has ${label.length} characters`,
      );
    }
    encoded += String.fromCharCode(label.length) + label;
  }
  encoded += "\0";
  if (encoded.length > LONGEST_DNS_NAME) {
    throw new SyntaxError(`Cannot encode name: ${encoded.length} bytes`);
  }
  return toSmallLetters(encoded);
}

/**
 * Converts the letters A to Z to lower case. DNS ignores only their case (RFC
 * 4343 §3).
 *
 * @param text One character for each byte.
 */
export function toSmallLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
