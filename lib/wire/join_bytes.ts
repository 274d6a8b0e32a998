/**
 * Bytes behind one another.
 *
 * @module
 */

/**
 * Joins bytes.
 *
 * @param parts What to join, in order; it stays as it is.
 * @returns A copy of all, the caller's own.
 */
export function joinBytes(
  ...parts: readonly Uint8Array[]
): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
