/**
 * Reads HTTP messages off a connection, and no byte too many out of sight.
 *
 * @module
 */

import {
  type Head,
  HeadScanner,
  MOST_EMPTY_LINES,
} from "../wire/http1_head.ts";
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
  readonly #duplex: Duplex;
  #bytes: Uint8Array = NOTHING;
  #reading: Promise<boolean> | undefined;
  #isEnded = false;

  /**
   * Takes a connection over until {@linkcode HttpReader.release}.
   *
   * @param duplex Connection to read from.
   */
  constructor(duplex: Duplex) {
    this.#duplex = duplex;
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
    this.#bytes = this.#bytes.subarray(count);
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
    // Copied, since what is received next is read into the buffer they are in.
    this.#duplex.unread(this.#bytes.slice());
    this.#bytes = NOTHING;
    if (this.#reading !== undefined) this.#duplex.interrupt();
  }

  #read(): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#reading = promise;
    // Taken in the moment in which they come: a moment later the connection may
    // have been given back, and they would be lost.
    this.#duplex.receiveFor({
      resolve: (bytes) => {
        this.#reading = undefined;
        if (bytes === undefined) return reject(givenUp());
        this.#isEnded = bytes === null;
        this.#bytes = bytes ?? NOTHING;
        resolve(bytes !== null);
      },
      reject: (error) => {
        this.#reading = undefined;
        reject(error);
      },
    });
    return promise;
  }
}

function isEmptyLine([first, second]: Uint8Array): boolean {
  return first === CR && second === LF;
}

function givenUp(): TypeError {
  return new TypeError("Reading was given up");
}
