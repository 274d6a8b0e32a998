/**
 * Reads the data structures of TLS (RFC 8446 §3).
 *
 * @module
 */

import { ALERT, helloError, type TlsAlertError } from "./alert.ts";

/** Limits for the length of a vector in bytes. */
export interface VectorLimits {
  /** Smallest length (default 0). */
  least?: number;
  /** Largest length (default: the largest that its length field can hold). */
  most?: number;
}

/** A position in a message. Every read beyond the end throws. */
export class TlsCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  /**
   * Creates a cursor over a range of a message. A range is cheaper than a view,
   * which costs more than reading its bytes.
   *
   * @param start Offset of the first byte (default 0).
   * @param end Offset after the last byte (default: the length of the message).
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Whether everything has been read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#end;
  }

  /**
   * Reads bytes.
   *
   * @param length Number of bytes.
   * @returns A view of the bytes.
   * @throws {TlsAlertError} If fewer bytes are left.
   */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /**
   * Skips bytes.
   *
   * @param length Number of bytes.
   * @throws {TlsAlertError} If fewer bytes are left.
   */
  skip(length: number): void {
    this.#take(length);
  }

  /**
   * Reads a number in network byte order (§3.3).
   *
   * @param length Number of bytes, 1 or 2.
   * @throws {TlsAlertError} If fewer bytes are left.
   */
  number(length: 1 | 2): number {
    const start = this.#take(length);
    const first = this.#bytes[start]!;
    return length === 1 ? first : first << 8 | this.#bytes[start + 1]!;
  }

  /**
   * Reads a vector, which starts with its length in bytes (§3.4).
   *
   * @param lengthBytes Bytes of the length field, 1 or 2.
   * @param limits Allowed lengths.
   * @returns A cursor over its contents.
   * @throws {TlsAlertError} If it is truncated or its length is not allowed.
   */
  vector(
    lengthBytes: 1 | 2,
    { least = 0, most }: VectorLimits = {},
  ): TlsCursor {
    const length = this.number(lengthBytes);
    if (length < least || length > (most ?? length)) {
      throw wrongLength();
    }
    const start = this.#take(length);
    return new TlsCursor(this.#bytes, start, start + length);
  }

  /**
   * Reads all remaining bytes.
   *
   * @returns A view of the bytes.
   */
  rest(): Uint8Array {
    return this.bytes(this.#end - this.#offset);
  }

  /**
   * Checks that nothing is left.
   *
   * @throws {TlsAlertError} If something is.
   */
  end(): void {
    if (!this.isAtEnd) throw wrongLength();
  }

  #take(length: number): number {
    const start = this.#offset;
    if (start + length > this.#end) throw wrongLength();
    this.#offset = start + length;
    return start;
  }
}

function wrongLength(): TlsAlertError {
  return helloError(ALERT.DecodeError, "a length is wrong");
}
