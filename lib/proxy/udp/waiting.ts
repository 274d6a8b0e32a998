/**
 * Datagrams that wait for their route.
 *
 * @module
 */

/** Most waiting copies. */
const MOST_WAITING = { count: 256, bytes: 512 * 1024 } as const;

/** A datagram that has waited. */
export interface Waited<T> {
  /** The awaited result. */
  readonly known: T;
  /** Its payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** A bounded number of waiting datagrams. */
export class WaitingDatagrams {
  #count = 0;
  #bytes = 0;

  /**
   * Keeps a copy of a payload until a promise settles.
   *
   * @typeParam T Type of the awaited result.
   * @param pending The awaited promise, which must not reject.
   * @param payload The payload. The caller may reuse it immediately.
   * @returns The copy and the result; `undefined` if there is no room.
   */
  async keep<T>(
    pending: Promise<T>,
    payload: Uint8Array<ArrayBuffer>,
  ): Promise<Waited<T> | undefined> {
    const { length } = payload;
    const isFull = this.#count === MOST_WAITING.count ||
      this.#bytes + length > MOST_WAITING.bytes;
    if (isFull) return undefined;
    this.#count++;
    this.#bytes += length;
    const copy = payload.slice();
    const known = await pending;
    this.#count--;
    this.#bytes -= length;
    return { known, payload: copy };
  }
}
