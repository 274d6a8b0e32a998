/**
 * Bytes that come in parts and are wanted whole.
 *
 * @module
 */

/** Bytes; room for a short message. */
const FIRST_SIZE = 256;

/**
 * Collects bytes in one buffer that grows: a list of parts would cost a peer
 * that sends byte by byte nothing, and us a hundred times as much.
 */
export class ByteCollector {
  #buffer = new Uint8Array();
  #length = 0;

  /** How many bytes were collected. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a copy of bytes.
   *
   * @param bytes What to add.
   */
  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /**
   * Takes all that was collected; the next begins anew.
   *
   * @returns The bytes, which nobody else has.
   */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.clear();
    return bytes;
  }

  /** Forgets what was collected. */
  clear(): void {
    this.#buffer = new Uint8Array();
    this.#length = 0;
  }

  /** A message that came whole gets no more room than it needs. */
  #grow(length: number): void {
    const isFirst = this.#length === 0;
    const size = isFirst ? length : Math.max(FIRST_SIZE, 2 * length);
    const larger = new Uint8Array(size);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
