/**
 * Reading the structures of TLS out of a message (RFC 8446 §3).
 *
 * @module
 */

import { ALERT, TlsAlertError } from "./alert.ts";

/** How many bytes a vector may have. */
export interface VectorLimits {
  /** The least (default 0). */
  least?: number;
  /** The most (default: what its length can say). */
  most?: number;
}

/** A place in a message; whatever would go beyond its end throws. */
export class TlsCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  /**
   * Starts at the first byte. Views cost more than what is read of them: a
   * cursor in a vector is a range of the same bytes.
   *
   * @param bytes The message.
   * @param start Where to begin (default 0).
   * @param end Where to end (default: at the end of the message).
   */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Whether everything is read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#end;
  }

  /**
   * Reads bytes.
   *
   * @param length How many.
   * @returns A view of them.
   * @throws {TlsAlertError} If there are not so many.
   */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /**
   * Passes over bytes.
   *
   * @param length How many.
   * @throws {TlsAlertError} If there are not so many.
   */
  skip(length: number): void {
    this.#take(length);
  }

  /**
   * Reads a number, the highest byte first (§3.3).
   *
   * @param length Its bytes, 1 or 2.
   * @returns The number.
   * @throws {TlsAlertError} If it is not there.
   */
  number(length: 1 | 2): number {
    const start = this.#take(length);
    const first = this.#bytes[start]!;
    return length === 1 ? first : first << 8 | this.#bytes[start + 1]!;
  }

  /**
   * Reads a vector, which begins with its length in bytes (§3.4).
   *
   * @param lengthBytes Bytes of that length, 1 or 2.
   * @param limits How long it may be.
   * @returns What is in it.
   * @throws {TlsAlertError} If it is not there or has not such a length.
   */
  vector(
    lengthBytes: 1 | 2,
    { least = 0, most }: VectorLimits = {},
  ): TlsCursor {
    const length = this.number(lengthBytes);
    if (length < least || length > (most ?? length)) {
      throw malformed("a length is wrong");
    }
    const start = this.#take(length);
    return new TlsCursor(this.#bytes, start, start + length);
  }

  /**
   * Reads all that is left.
   *
   * @returns A view of it.
   */
  rest(): Uint8Array {
    return this.bytes(this.#end - this.#offset);
  }

  /**
   * Says that there is nothing more.
   *
   * @throws {TlsAlertError} If there is.
   */
  end(): void {
    if (!this.isAtEnd) throw malformed("a length is wrong");
  }

  #take(length: number): number {
    const start = this.#offset;
    if (start + length > this.#end) throw malformed("a length is wrong");
    this.#offset = start + length;
    return start;
  }
}

function malformed(state: string): TlsAlertError {
  return new TlsAlertError(
    ALERT.DecodeError,
    `Cannot parse ClientHello: ${state}`,
  );
}
