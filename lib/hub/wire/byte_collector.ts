/**
 * Collects bytes that arrive in parts.
 *
 * @module
 */

/** First size of the buffer in bytes, enough for a short message. */
const FIRST_SIZE = 256;

/**
 * Collects bytes in one growing buffer. A list of parts would cost a hundred
 * times as much memory for a peer that sends single bytes, at no cost to the
 * peer.
 */
export class ByteCollector {
  #buffer = new Uint8Array();
  #length = 0;

  /** Number of collected bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of bytes. */
  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /**
   * Returns all collected bytes and starts empty again.
   *
   * @returns The bytes, which the caller owns.
   */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.clear();
    return bytes;
  }

  /** Discards the collected bytes. */
  clear(): void {
    this.#buffer = new Uint8Array();
    this.#length = 0;
  }

  /** Allocates no more than needed for a message that arrives in one piece. */
  #grow(length: number): void {
    const isFirst = this.#length === 0;
    const size = isFirst ? length : Math.max(FIRST_SIZE, 2 * length);
    const larger = new Uint8Array(size);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
