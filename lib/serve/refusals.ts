/**
 * How a protocol refuses a client.
 *
 * @module
 */

/** The refusals of one protocol; it sets them once for each client. */
export interface Refusals {
  /**
   * Encodes a refusal in the form that the client understands at this point of
   * the protocol.
   *
   * @param error Why the client is refused.
   * @returns The bytes; `undefined` if the protocol has none for this point.
   */
  encode(error: unknown): Uint8Array | undefined;
}
