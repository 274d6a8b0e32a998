/**
 * Serial numbers of certificates (RFC 5280 §4.1.2.2).
 *
 * @module
 */

/** Random bytes of a new one, so that it cannot be predicted. */
const LENGTH = 16;

/**
 * Returns the canonical form of a serial number: two are equal if their forms
 * are.
 *
 * @param hex Hexadecimal digits.
 * @returns The digits in lower case, without leading zeros, of whole bytes.
 */
export function normalizeSerial(hex: string): string {
  const digits = hex.toLowerCase().replace(/^0+(?=.)/, "");
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/**
 * Creates a serial number, positive and so without its highest bit.
 *
 * @returns The serial number in canonical form.
 */
export function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH));
  bytes[0] = bytes[0]! & 0x3f | 0x40;
  return bytes.toHex();
}
