/**
 * Reads HTTP messages from a connection, and consumes no byte too many.
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
 * The bytes of one connection, visible before they are taken. At most one read
 * is pending. It goes on when nothing waits for it any more, so an idle
 * connection can be watched without losing bytes.
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

  /** Bytes that have arrived but were not taken; valid until they are. */
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
   * @returns `false` at end of file.
   * @throws The socket's error.
   */
  async fill(): Promise<boolean> {
    if (this.#bytes.length > 0) return true;
    if (this.#isEnded) return false;
    const isThere = await (this.#reading ?? this.#read());
    // They may have been given back before the caller saw them.
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
    // The next read transfers the memory: no empty view of it may remain.
    this.#bytes = count < bytes.length ? bytes.subarray(count) : NOTHING;
  }

  /**
   * Takes empty lines before a head.
   *
   * @param most Most lines that may come.
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
   * @param emptyLines Most empty lines before it (default 2).
   * @returns The head; `undefined` if the connection ended before it began.
   * @throws {HttpError} If it is malformed or over a limit.
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
   * Gives the connection back at the first byte not taken. A pending read
   * rejects, and its bytes go to the next reader.
   */
  release(): void {
    this.#reader.unread(this.#bytes);
    this.#bytes = NOTHING;
    this.#reader.release(this.#reading !== undefined);
    this.#reading = undefined;
    this.#releases++;
  }

  /** Gives up the memory of its bytes while a write still uses it. */
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
