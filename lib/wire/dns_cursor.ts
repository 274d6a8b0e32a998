/**
 * Reads a DNS message from front to back, without trusting it.
 *
 * @module
 */

import {
  LONGEST_DNS_LABEL,
  LONGEST_DNS_NAME,
  toSmallLetters,
} from "./dns_name.ts";
import type { IpAddress } from "./ip_address.ts";

/** The highest two bits of a length; both are set in a pointer. */
const POINTER = 0xc0;

/** A position in a message that advances with each read. */
export class DnsCursor {
  readonly #bytes: Uint8Array;
  #offset = 0;

  /**
   * Starts at the beginning.
   *
   * @param bytes The whole message, because pointers refer to it.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads 16 bits. */
  uint16(): number {
    return this.#byte() << 8 | this.#byte();
  }

  /** Reads 32 bits. */
  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16();
  }

  /**
   * Reads bytes.
   *
   * @param length Number of bytes.
   * @returns A copy.
   */
  bytes(length: number): IpAddress {
    const end = this.sectionEnd(length);
    const copy = new Uint8Array(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return copy;
  }

  /**
   * Reads a name and follows its pointers (RFC 1035 §4.1.4). Each pointer must
   * lead to a place before everything read of the name so far. Servers write
   * them that way, and such pointers cannot form a circle.
   *
   * @returns The name in the form of `encodeDnsName`.
   */
  name(): string {
    let start = this.#offset;
    let end: number | undefined;
    let name = "";
    while (true) {
      const length = this.#byte();
      if (length >= POINTER) {
        const to = (length & ~POINTER) << 8 | this.#byte();
        if (to >= start) throw dnsFault("a pointer does not point back");
        end ??= this.#offset;
        start = this.#offset = to;
        continue;
      }
      if (length > LONGEST_DNS_LABEL) throw dnsFault(`a label is ${length}`);
      name += String.fromCharCode(length, ...this.bytes(length));
      if (name.length > LONGEST_DNS_NAME) throw dnsFault("a name is too long");
      if (length === 0) break;
    }
    this.#offset = end ?? this.#offset;
    return toSmallLetters(name);
  }

  /**
   * Computes the end of a section that starts here.
   *
   * @param length Bytes of the section.
   * @returns Offset after the section.
   */
  sectionEnd(length: number): number {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw dnsFault("it is cut short");
    return end;
  }

  /**
   * Skips a part.
   *
   * @param end Offset to continue at.
   */
  skipTo(end: number): void {
    this.#offset = end;
  }

  /**
   * Checks that a section ended where its length says.
   *
   * @param end Offset after the section.
   */
  requireEnd(end: number): void {
    if (this.#offset !== end) throw dnsFault("RDLENGTH is wrong");
  }

  #byte(): number {
    const byte = this.#bytes[this.#offset];
    if (byte === undefined) throw dnsFault("it is cut short");
    this.#offset++;
    return byte;
  }
}

/**
 * Creates the error for a malformed message.
 *
 * @param state What is wrong with it.
 */
export function dnsFault(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse DNS message: ${state}`);
}
