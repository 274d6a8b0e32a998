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
  #offset = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes The message, or a part of it.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything is read. */
  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /**
   * Reads bytes.
   *
   * @param length How many.
   * @returns A view of them.
   * @throws {TlsAlertError} If there are not so many.
   */
  bytes(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw malformed("a length is wrong");
    const bytes = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }

  /**
   * Reads a number, the highest byte first (§3.3).
   *
   * @param length Its bytes, 1 or 2.
   * @throws {TlsAlertError} If it is not there.
   */
  number(length: 1 | 2): number {
    const [first, second] = this.bytes(length);
    return length === 1 ? first! : first! << 8 | second!;
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
    return new TlsCursor(this.bytes(length));
  }

  /**
   * Reads all that is left.
   *
   * @returns A view of it.
   */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#offset);
  }

  /**
   * Says that there is nothing more.
   *
   * @throws {TlsAlertError} If there is.
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
