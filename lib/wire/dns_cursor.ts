/**
 * Reading a DNS message from front to back, without trusting it.
 *
 * @module
 */

import {
  LONGEST_DNS_LABEL,
  LONGEST_DNS_NAME,
  toSmallLetters,
} from "./dns_name.ts";
import type { IpAddress } from "./ip_address.ts";

/** The highest two bits of a length: it is the first half of a pointer. */
const POINTER = 0xc0;

/** A place in a message that moves behind what is read. */
export class DnsCursor {
  readonly #bytes: Uint8Array;
  #offset = 0;

  /**
   * Starts at the beginning.
   *
   * @param bytes The whole message, which pointers refer to.
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
   * Reads some bytes.
   *
   * @param length How many.
   * @returns A copy.
   */
  bytes(length: number): IpAddress {
    const end = this.sectionEnd(length);
    const copy = new Uint8Array(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return copy;
  }

  /**
   * Reads a name, following pointers (RFC 1035 §4.1.4). Each has to lead to a
   * place before everything that was read of the name so far: that is where a
   * server writes them, and they can't lead in a circle.
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
        if (to >= start) throw dnsFault("a pointer does not lead back");
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
   * Tells where a part ends that begins here.
   *
   * @param length Its bytes.
   * @returns The offset behind it.
   */
  sectionEnd(length: number): number {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw dnsFault("it is cut short");
    return end;
  }

  /**
   * Passes over what is of no interest.
   *
   * @param end Where to go on.
   */
  skipTo(end: number): void {
    this.#offset = end;
  }

  /**
   * Requires that a part has ended where it said.
   *
   * @param end Where it had to.
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
 * Makes the error of a malformed message.
 *
 * @param state What is wrong with it.
 */
export function dnsFault(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse DNS message: ${state}`);
}
