/**
 * The chunked transfer coding (RFC 9112 §7.1).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { parseField } from "./fields.ts";
import { MOST_FIELDS } from "./head.ts";
import { LineScanner } from "./line.ts";

/** Bytes of the line with a chunk's size and its extensions. */
export const MOST_SIZE_LINE = 1024;

/** Bytes of one trailer. */
const MOST_TRAILER: number = 8 * 1024;

/** Thirteen digits are 52 bits: more would not be exact, or overflow. */
const SIZE_LINE = /^([\da-f]{1,13})(?:;.*)?$/i;

/** Fields that would tell another end, or another host, after the fact. */
const FORBIDDEN_TRAILERS = /^(?:content-length|transfer-encoding|host)$/i;

/**
 * Follows a chunked body to its end, so that it can be passed on as it is.
 *
 * ```text
 * chunk-size [ chunk-ext ] CRLF
 * chunk-data CRLF
 * …
 * 0 CRLF
 * *( field-line CRLF )
 * CRLF
 * ```
 */
export class ChunkedScanner {
  readonly #lines = new LineScanner();
  #part: "size" | "data" | "data end" | "trailers" | "done" = "size";
  #left = 0;
  #trailers = 0;

  /** Whether the body is over, its trailers included. */
  get isDone(): boolean {
    return this.#part === "done";
  }

  /**
   * Takes bytes up to the end of the body.
   *
   * @param bytes What has come.
   * @param onData Called with each piece of data, in place.
   * @returns How many of them belong to the body.
   * @throws {HttpError} 400 where they are not chunked.
   */
  push(bytes: Uint8Array, onData?: (data: Uint8Array) => void): number {
    let at = 0;
    while (at < bytes.length && this.#part !== "done") {
      if (this.#part === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        onData?.(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#part = "data end";
      } else {
        const line = this.#lines.add(bytes[at++]!, this.#mostBytes());
        if (line !== undefined) this.#take(line);
      }
    }
    return at;
  }

  #mostBytes(): number {
    if (this.#part === "data end") return 0;
    return this.#part === "size" ? MOST_SIZE_LINE : MOST_TRAILER;
  }

  #take(line: string): void {
    if (this.#part === "data end") {
      this.#part = "size";
    } else if (this.#part === "size") {
      const size = SIZE_LINE.exec(line)?.[1];
      if (size === undefined) {
        const shown = JSON.stringify(line.slice(0, 40));
        throw new HttpError(400, `Cannot parse chunk: its size is ${shown}`);
      }
      this.#left = parseInt(size, 16);
      this.#part = this.#left === 0 ? "trailers" : "data";
    } else if (line === "") {
      this.#part = "done";
    } else {
      this.#takeTrailer(line);
    }
  }

  #takeTrailer(line: string): void {
    const [name] = parseField(line);
    if (FORBIDDEN_TRAILERS.test(name)) {
      throw new HttpError(400, `Cannot parse chunk: ${name} is a trailer`);
    }
    if (this.#trailers++ === MOST_FIELDS) {
      throw new HttpError(431, `Body has more than ${MOST_FIELDS} trailers`);
    }
  }
}
