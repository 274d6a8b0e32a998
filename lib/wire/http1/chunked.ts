/**
 * The chunked transfer coding (RFC 9112 §7.1).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { parseField } from "./fields.ts";
import { MOST_FIELDS } from "./head.ts";
import { LineScanner } from "./line.ts";

/** Most bytes of a size line, with the chunk extensions. */
export const MOST_SIZE_LINE = 1024;

/** Most bytes of one trailer. */
const MOST_TRAILER: number = 8 * 1024;

/**
 * At most thirteen digits (52 bits), because longer sizes would not be exact.
 */
const SIZE_LINE = /^([\da-f]{1,13})(?:;.*)?$/i;

/** Trailers that could change the framing or the host after the fact. */
const FORBIDDEN_TRAILERS = /^(?:content-length|transfer-encoding|host)$/i;

/**
 * Finds the end of a chunked body, so that the body can be forwarded unchanged.
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

  /** Whether the body is complete, including its trailers. */
  get isDone(): boolean {
    return this.#part === "done";
  }

  /**
   * Takes bytes up to the end of the body.
   *
   * @param bytes The next bytes from the connection.
   * @param onData Receives each piece of data, as a view of `bytes`.
   * @returns Number of bytes that belong to the body.
   * @throws {HttpError} 400 if they are not chunked.
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
