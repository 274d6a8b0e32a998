/**
 * Splits bytes into lines, whatever they contain.
 *
 * @module
 */

import { ByteCollector } from "./byte_collector.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits bytes into lines that end with LF, or CR LF. The splitting streams of
 * the standard library have no limit, and a pipe through them locks the
 * connection to a default reader.
 */
export class LineSplitter {
  readonly #most: number;
  readonly #collector = new ByteCollector();
  #length = 0;

  /**
   * Creates a splitter.
   *
   * @param most Most bytes of a line, without its line end.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether a line has started but not ended. */
  get isWithinLine(): boolean {
    return this.#length > 0;
  }

  /**
   * Splits the next bytes, and copies the unfinished line.
   *
   * @param bytes The next bytes.
   * @returns Each line without its line end; `undefined` for a line that is too
   *   long. The caller must take all of them.
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

  /** The line without its CR; `undefined` if it is too long. */
  #line(bytes: Uint8Array): Uint8Array | undefined {
    const length = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    return length > this.#most ? undefined : bytes.subarray(0, length);
  }

  /** Keeps one byte more than a line may have, because it may be the CR. */
  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= this.#most + 1) this.#collector.add(bytes);
    else this.#collector.clear();
  }
}
