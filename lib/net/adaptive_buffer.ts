/**
 * The buffer of one direction of a tunnel: small while it waits, large while
 * bytes keep coming.
 *
 * @module
 */

/** Enough for a message; two of them are what an idle tunnel holds. */
const SMALLEST = 4 * 1024;

/** Beyond this a larger buffer carried no more bytes a second (measured). */
const LARGEST = 512 * 1024;

/** Grows while reads come back full, shrinks when they no longer do. */
export class AdaptiveBuffer {
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #size = SMALLEST;

  /**
   * Gives the buffer to read into. What the last read left in it is void.
   *
   * @returns The whole buffer, for one read.
   */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#buffer?.length !== this.#size) {
      this.#buffer = new Uint8Array(this.#size);
    }
    return this.#buffer;
  }

  /**
   * Tells what came, and sizes the buffer for the next read.
   *
   * @param count Bytes that were read into it.
   * @returns Those bytes, in place.
   */
  filled(count: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#buffer!;
    if (count === buffer.length) {
      this.#size = Math.min(buffer.length * 4, LARGEST);
      return buffer;
    }
    if (count * 8 < buffer.length) {
      this.#size = Math.max(buffer.length / 4, SMALLEST);
    }
    return buffer.subarray(0, count);
  }

  /** Lets the buffer go, at the end of the stream. */
  free(): void {
    this.#buffer = undefined;
    this.#size = SMALLEST;
  }
}
