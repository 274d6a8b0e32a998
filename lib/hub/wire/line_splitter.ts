/**
 * Bytes to lines, whatever is in them.
 *
 * @module
 */

import { ByteCollector } from "./byte_collector.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts bytes into lines. LF ends one, and takes a CR before it along. The streams
 * of the standard library that split have no bound, and a pipe through them locks
 * the connection to a default reader.
 */
export class LineSplitter {
  readonly #most: number;
  readonly #collector = new ByteCollector();
  #length = 0;

  /**
   * Creates a splitter.
   *
   * @param most Bytes that a line may have, without its end.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether a line has begun that has not ended. */
  get isWithinLine(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes bytes. What is kept of them is copied.
   *
   * @param bytes What has come.
   * @returns Each line without its end, `undefined` for one that is too long.
   *   It has to be taken to the end.
   */
  *push(bytes: Uint8Array): Generator<Uint8Array | undefined> {
    let start = 0;
    while (true) {
      const end = bytes.indexOf(LF, start);
      if (end < 0) break;
      const piece = bytes.subarray(start, end);
      start = end + 1;
      if (this.#length === 0) {
        yield this.#line(piece)?.slice();
        continue;
      }
      this.#keep(piece);
      yield this.#finish();
    }
    this.#keep(bytes.subarray(start));
  }

  #finish(): Uint8Array | undefined {
    const isCut = this.#length > this.#most + 1;
    const bytes = this.#collector.take();
    this.#length = 0;
    return isCut ? undefined : this.#line(bytes);
  }

  /** Without its CR; `undefined` if it is too long. */
  #line(bytes: Uint8Array): Uint8Array | undefined {
    const length = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    return length > this.#most ? undefined : bytes.subarray(0, length);
  }

  /** One byte more than a line may have, since that may be the CR. */
  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= this.#most + 1) this.#collector.add(bytes);
    else this.#collector.clear();
  }
}
