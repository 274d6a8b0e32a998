/**
 * Bytes to lines, whatever is in them.
 *
 * @module
 */

import { ByteCollector } from "./byte_collector.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Cuts bytes into lines. LF ends one, and takes a CR before it along. */
export class LineSplitter {
  readonly #most: number;
  readonly #line = new ByteCollector();
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
      this.#keep(bytes.subarray(start, end));
      start = end + 1;
      yield this.#finish();
    }
    this.#keep(bytes.subarray(start));
  }

  #finish(): Uint8Array | undefined {
    const isCut = this.#length > this.#most + 1;
    const line = this.#line.take();
    this.#length = 0;
    const end = line.at(-1) === CR ? line.length - 1 : line.length;
    return isCut || end > this.#most ? undefined : line.subarray(0, end);
  }

  /** One byte more than a line may have, since that may be the CR. */
  #keep(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= this.#most + 1) this.#line.add(bytes);
    else this.#line.clear();
  }
}
