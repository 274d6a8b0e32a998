/**
 * The lines that heads, chunk sizes and trailers are made of (RFC 9112 §2.2).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DEL = 0x7f;

/** Bytes; a longer line makes the buffer grow. */
const FIRST_SIZE = 256;

/**
 * Cuts bytes into lines. A line ends with CRLF and nothing else: where one
 * recipient takes a bare CR or LF for an end and the next does not, a second
 * request can be smuggled past the first of them (RFC 9112 §11.2). Controls
 * are refused with them.
 */
export class LineScanner {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;
  #isAfterCr = false;

  /**
   * Takes one byte.
   *
   * @param most Bytes that the line may have, without its end.
   * @param status Status to refuse a longer one with.
   * @returns The line without its end, each byte a character, where this byte
   *   ended it.
   * @throws {HttpError} If the byte may not be there, or is one too many.
   */
  add(byte: number, most: number, status = 400): string | undefined {
    if (this.#isAfterCr) return this.#end(byte);
    if (byte === CR) {
      this.#isAfterCr = true;
      return undefined;
    }
    if (byte < SP && byte !== HTAB || byte === DEL) throw badByte(byte);
    if (this.#length === most) {
      throw new HttpError(status, tooLong(most));
    }
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
    return undefined;
  }

  #end(byte: number): string {
    if (byte !== LF) throw new HttpError(400, "Cannot parse line: bare CR");
    const line = this.#bytes.subarray(0, this.#length);
    this.#isAfterCr = false;
    this.#length = 0;
    return String.fromCharCode(...line);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function tooLong(most: number): string {
  return most === 0
    ? "Cannot parse chunk: its data is longer than its size"
    : `Cannot parse line: longer than ${most} bytes`;
}

function badByte(byte: number): HttpError {
  const what = byte === LF
    ? "bare LF"
    : `byte 0x${byte.toString(16).padStart(2, "0")}`;
  return new HttpError(400, `Cannot parse line: ${what}`);
}
