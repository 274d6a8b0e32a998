/**
 * Reads an exact number of bytes off a stream and leaves the rest in it.
 *
 * @module
 */

import type { Parser } from "../wire/parser.ts";

/** A BYOB reader that never takes more bytes than asked for. */
export class ByteReader {
  readonly #reader: ReadableStreamBYOBReader;

  /**
   * Locks the stream until {@linkcode ByteReader.release}.
   *
   * @param readable Byte stream to read from.
   */
  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader({ mode: "byob" });
  }

  /**
   * Reads exactly `length` bytes.
   *
   * @param length Number of bytes, 0 or more.
   * @returns The bytes.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends first.
   */
  async readExact(length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    const { value, done } = await this.#reader.read(new Uint8Array(length), {
      min: length,
    });
    if (done) {
      throw new Deno.errors.UnexpectedEof(
        `Cannot read ${length} bytes: stream ended after ${value?.length ?? 0}`,
      );
    }
    return value;
  }

  /**
   * Feeds a parser from the stream.
   *
   * @typeParam T What the parser produces.
   * @param parser Parser to run.
   * @returns What the parser produced.
   * @throws {Deno.errors.UnexpectedEof} If the stream ends first, and whatever
   *   the parser throws.
   */
  async parse<T>(parser: Parser<T>): Promise<T> {
    let step = parser.next();
    while (!step.done) step = parser.next(await this.readExact(step.value));
    return step.value;
  }

  /** Gives the stream back, at the first byte not yet read. */
  release(): void {
    this.#reader.releaseLock();
  }
}
