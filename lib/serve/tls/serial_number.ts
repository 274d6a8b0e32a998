/**
 * Serial numbers of certificates (RFC 5280 §4.1.2.2).
 *
 * @module
 */

/** Bytes of a new one: random, so that it can't be foreseen. */
const LENGTH = 16;

/**
 * Gives the one form of a serial number, which is a number: two are the same
 * where their forms are.
 *
 * @param hex Hexadecimal digits.
 * @returns The digits in lower case, without leading zeros, of whole bytes.
 */
export function normalizeSerial(hex: string): string {
  const digits = hex.toLowerCase().replace(/^0+(?=.)/, "");
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/**
 * Makes a serial number. It is positive, and so without its highest bit.
 *
 * @returns It in its one form.
 */
export function randomSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH));
  bytes[0] = bytes[0]! & 0x3f | 0x40;
  return bytes.toHex();
}
