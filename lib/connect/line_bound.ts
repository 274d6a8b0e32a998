/**
 * Limits the lines of a byte stream, for code that splits and collects them.
 *
 * @module
 */

import type { Buffer } from "../net/buffer_pool.ts";

const LINE_FEED = 0x0a;

/**
 * Passes bytes on. Of a line that is too long, it passes only one byte too many
 * and the line feed, so that an endless line cannot fill the memory of its
 * reader.
 */
export class LineBound extends TransformStream<Buffer, Buffer> {
  readonly #longest: number;
  /** Bytes of the current line that may still pass. */
  #room: number;

  /**
   * Creates a stream that starts at the beginning of a line.
   *
   * @param longest Most bytes of a line, without its line feed.
   */
  constructor(longest: number) {
    super({ transform: (chunk, controller) => this.#pass(chunk, controller) });
    this.#longest = longest;
    this.#room = longest + 1;
  }

  #pass(
    chunk: Buffer,
    controller: TransformStreamDefaultController<Buffer>,
  ): void {
    let rest = chunk;
    while (rest.length > this.#room) {
      const at = rest.indexOf(LINE_FEED);
      const length = at < 0 ? rest.length : at;
      const kept = rest.subarray(0, Math.min(length, this.#room));
      if (kept.length > 0) controller.enqueue(kept);
      this.#room -= kept.length;
      if (at < 0) return;
      controller.enqueue(rest.subarray(at, at + 1));
      this.#room = this.#longest + 1;
      rest = rest.subarray(at + 1);
    }
    if (rest.length === 0) return;
    controller.enqueue(rest);
    const last = rest.lastIndexOf(LINE_FEED);
    const begun = rest.length - last - 1;
    this.#room = last < 0 ? this.#room - begun : this.#longest + 1 - begun;
  }
}
