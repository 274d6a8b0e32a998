/**
 * Base64 (RFC 4648 §4).
 *
 * @module
 */

/**
 * Decodes base64.
 *
 * @param text The text, with or without padding.
 * @returns The bytes; `undefined` where it is something else.
 */
export function decodeBase64(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}
