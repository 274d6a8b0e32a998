/**
 * Reads messages of exact lengths off a connection, and gives back the rest.
 *
 * @module
 */

import type { Parser } from "../wire/parser.ts";
import type { Duplex } from "./duplex.ts";
import { joinBytes } from "../wire/join_bytes.ts";

const NOTHING = new Uint8Array();

/** Reads what has come at once, and hands it out in exact pieces. */
export class ByteReader {
  readonly #duplex: Duplex;
  #bytes: Uint8Array = NOTHING;

  /**
   * Takes a connection over until {@linkcode ByteReader.release}.
   *
   * @param duplex Connection to read from.
   */
  constructor(duplex: Duplex) {
    this.#duplex = duplex;
  }

  /**
   * Reads exactly `length` bytes.
   *
   * @param length Number of bytes, 0 or more.
   * @returns The bytes, for the caller to keep.
   * @throws {Deno.errors.UnexpectedEof} If the connection ends first.
   */
  async readExact(length: number): Promise<Uint8Array> {
    while (this.#bytes.length < length) await this.#fill(length);
    return this.#take(length);
  }

  /**
   * Looks at the next byte and leaves it to be read.
   *
   * @returns The byte.
   * @throws {Deno.errors.UnexpectedEof} If the connection ends first.
   */
  async peek(): Promise<number> {
    if (this.#bytes.length === 0) await this.#fill(1);
    return this.#bytes[0]!;
  }

  /**
   * Feeds a parser from the connection.
   *
   * @typeParam T What the parser produces.
   * @param parser Parser to run.
   * @returns What the parser produced.
   * @throws {Deno.errors.UnexpectedEof} If the connection ends first, and
   *   whatever the parser throws.
   */
  async parse<T>(parser: Parser<T>): Promise<T> {
    let step = parser.next();
    while (!step.done) {
      const length = step.value;
      // Nothing to wait for where it has come with what was before it.
      const isHere = this.#bytes.length >= length;
      step = parser.next(
        isHere ? this.#take(length) : await this.readExact(length),
      );
    }
    return step.value;
  }

  /**
   * Puts bytes back in front of what is still to be read.
   *
   * @param bytes Bytes that were read and turned out to be for somebody else.
   */
  unread(bytes: Uint8Array): void {
    this.#bytes = joinBytes(bytes, this.#bytes);
  }

  /** Gives the connection back, at the first byte not yet taken. */
  release(): void {
    if (this.#bytes.length > 0) this.#duplex.unread(this.#bytes.slice());
    this.#bytes = NOTHING;
  }

  #take(length: number): Uint8Array {
    const bytes = this.#bytes;
    this.#bytes = bytes.subarray(length);
    // Copied, since what is received next is read into the same buffer.
    return bytes.slice(0, length);
  }

  async #fill(length: number): Promise<void> {
    const before = this.#bytes.slice();
    this.#bytes = before;
    const bytes = await this.#duplex.receive();
    if (!bytes) {
      throw new Deno.errors.UnexpectedEof(
        `Cannot read ${length} bytes: stream ended after ${before.length}`,
      );
    }
    this.#bytes = before.length === 0 ? bytes : joinBytes(before, bytes);
  }
}
