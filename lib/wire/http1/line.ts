/**
 * The lines of heads, chunk sizes and trailers (RFC 9112 §2.2).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DEL = 0x7f;

/** First size of the buffer in bytes; longer lines make it grow. */
const FIRST_SIZE = 256;

/**
 * Splits bytes into lines. Only CRLF ends a line: if one recipient accepts a
 * bare CR or LF as an end and the next does not, an attacker can smuggle a
 * second request past the first of them (RFC 9112 §11.2). Other control
 * characters are refused too.
 */
export class LineScanner {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;
  #isAfterCr = false;

  /**
   * Takes one byte.
   *
   * @param most Most bytes of the line, without its line end.
   * @param status Status for the refusal of a longer line.
   * @returns The line without its line end, one character for each byte, if
   *   this byte ended it.
   * @throws {HttpError} If the byte is not allowed here or the line is too
   *   long.
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
