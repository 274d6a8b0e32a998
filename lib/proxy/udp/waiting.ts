/**
 * Datagrams that wait until it is known where they go.
 *
 * @module
 */

/** Copies that wait, at most. */
const MOST_WAITING = { count: 256, bytes: 512 * 1024 } as const;

/** A datagram that waited. */
export interface Waited<T> {
  /** What it waited for. */
  readonly known: T;
  /** Its payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Datagrams that wait, within bounds. */
export class WaitingDatagrams {
  #count = 0;
  #bytes = 0;

  /**
   * Keeps a copy of a payload until something is known.
   *
   * @typeParam T What is known then.
   * @param pending What it waits for, which must not fail.
   * @param payload The payload, free again when this returns.
   * @returns The copy and what is known; `undefined` if there is no room.
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
