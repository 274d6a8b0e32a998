/**
 * Base64 (RFC 4648 §4).
 *
 * @module
 */

/**
 * Decodes base64.
 *
 * @param text Base64, with or without padding.
 * @returns The bytes; `undefined` if the text is not base64.
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
