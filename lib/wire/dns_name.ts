/**
 * Names as DNS messages have them (RFC 1035 §3.1).
 *
 * @module
 */

/** A whole name, with the length of each label and the root's. */
export const LONGEST_DNS_NAME = 255;

/** A label; the two highest bits of its length have another meaning. */
export const LONGEST_DNS_LABEL = 63;

/**
 * Encodes a name: each label behind its length, then a zero.
 *
 * ```text
 * example.com  ->  07 e x a m p l e 03 c o m 00
 * ```
 *
 * @param name Name as text; a final dot makes no difference.
 * @returns A character for each byte. Letters are small, so that two names are
 *   the same where these texts are.
 * @throws {SyntaxError} If a label or the whole is empty or too long.
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
 * Makes the letters of a name small, which is all that DNS takes for the same
 * (RFC 4343 §3).
 *
 * @param text A character for each byte.
 * @returns The text with A to Z as a to z.
 */
export function toSmallLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
