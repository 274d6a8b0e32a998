/**
 * Reads HTTP messages off a connection, and no byte too many out of sight.
 *
 * @module
 */

import {
  type Head,
  HeadScanner,
  MOST_EMPTY_LINES,
} from "../wire/http1/head.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Duplex } from "./duplex.ts";

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array();

/**
 * The bytes of one connection, looked at before they are taken. One reading is
 * under way at most; it goes on when nobody waits for it any more, so that an
 * idle connection can be watched without losing what it says.
 */
export class HttpReader {
  readonly #reader: ByteReader;
  #bytes: Uint8Array = NOTHING;
  #reading: Promise<boolean> | undefined;
  #isEnded = false;
  #releases = 0;

  /**
   * Takes a connection over until {@linkcode HttpReader.release}.
   *
   * @param duplex Connection to read from.
   */
  constructor(duplex: Duplex) {
    this.#reader = new ByteReader(duplex);
  }

  /** Bytes that have come and were not taken; valid until they are. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether end of file has been reached. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Waits until there are bytes.
   *
   * @returns Whether there are; `false` at end of file.
   * @throws The socket's error.
   */
  async fill(): Promise<boolean> {
    if (this.#bytes.length > 0) return true;
    if (this.#isEnded) return false;
    const isThere = await (this.#reading ?? this.#read());
    // They may have been given back before anybody could look at them.
    if (isThere && this.#bytes.length === 0) throw givenUp();
    return isThere;
  }

  /**
   * Takes bytes.
   *
   * @param count How many of {@linkcode HttpReader.bytes}.
   */
  take(count: number): void {
    const bytes = this.#bytes;
    // The next read takes the memory over: no empty view of it must be left.
    this.#bytes = count < bytes.length ? bytes.subarray(count) : NOTHING;
  }

  /**
   * Takes empty lines that have come before a head.
   *
   * @param most How many may come.
   * @returns How many may still come.
   */
  skipEmptyLines(most: number): number {
    let left = most;
    for (; left > 0 && isEmptyLine(this.#bytes); left--) this.take(2);
    return left;
  }

  /**
   * Reads the head of a message.
   *
   * @param emptyLines How many may come before it (default 2).
   * @returns The head; `undefined` where the connection ended before it began.
   * @throws {HttpError} If it is none, or over a limit.
   * @throws {Deno.errors.UnexpectedEof} If the connection ends within it.
   */
  async readHead(
    emptyLines: number = MOST_EMPTY_LINES,
  ): Promise<Head | undefined> {
    const scanner = new HeadScanner(emptyLines);
    while (scanner.head === undefined) {
      if (await this.fill()) {
        this.take(scanner.push(this.#bytes));
      } else if (scanner.isBegun) {
        throw new Deno.errors.UnexpectedEof("Cannot read head: it ended early");
      } else return undefined;
    }
    return scanner.head;
  }

  /**
   * Gives the connection back at the first byte not taken. A reading that is
   * under way fails for who waits for it; what it brings is received next.
   */
  release(): void {
    this.#reader.unread(this.#bytes);
    this.#bytes = NOTHING;
    this.#reader.release(this.#reading !== undefined);
    this.#reading = undefined;
    this.#releases++;
  }

  /** Leaves the memory of its bytes to a write that still uses it. */
  detach(): void {
    this.#reader.detach();
  }

  #read(): Promise<boolean> {
    this.#reading = this.#readSome();
    return this.#reading;
  }

  async #readSome(): Promise<boolean> {
    const releases = this.#releases;
    try {
      const bytes = await this.#reader.readSome();
      if (releases !== this.#releases) throw givenUp();
      this.#isEnded = bytes === undefined;
      this.#bytes = bytes ?? NOTHING;
      return bytes !== undefined;
    } finally {
      if (releases === this.#releases) this.#reading = undefined;
    }
  }
}

function isEmptyLine([first, second]: Uint8Array): boolean {
  return first === CR && second === LF;
}

function givenUp(): TypeError {
  return new TypeError("Reading was given up");
}
