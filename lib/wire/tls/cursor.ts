/**
 * Reads the data structures of TLS (RFC 8446 §3).
 *
 * @module
 */

import { ALERT, TlsAlertError } from "./alert.ts";

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
  #offset = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes The message, or a part of it.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /**
   * Reads bytes.
   *
   * @param length Number of bytes.
   * @returns A view of the bytes.
   * @throws {TlsAlertError} If fewer bytes are left.
   */
  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw malformed("a length is wrong");
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  /**
   * Reads a number in network byte order (§3.3).
   *
   * @param length Number of bytes, 1 or 2.
   * @throws {TlsAlertError} If fewer bytes are left.
   */
  number(length: 1 | 2): number {
    const [first, second] = this.bytes(length);
    return length === 1 ? first! : first! << 8 | second!;
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
      throw malformed("a length is wrong");
    }
    return new TlsCursor(this.bytes(length));
  }

  /**
   * Reads all remaining bytes.
   *
   * @returns A view of the bytes.
   */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#offset);
  }

  /**
   * Checks that nothing is left.
   *
   * @throws {TlsAlertError} If something is.
   */
  end(): void {
    if (!this.isAtEnd) throw malformed("a length is wrong");
  }
}

function malformed(state: string): TlsAlertError {
  return new TlsAlertError(
    ALERT.DecodeError,
    `Cannot parse ClientHello: ${state}`,
  );
}
