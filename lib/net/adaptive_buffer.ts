/**
 * The buffer of one direction of a tunnel: small while it waits, large while
 * bytes keep coming.
 *
 * @module
 */

import { type Buffer, type BufferPool, LARGE_BUFFERS } from "./buffer_pool.ts";

/**
 * Bytes. Two of the first are what an idle tunnel holds; more than the last
 * carried no more bytes a second (measured).
 */
const SIZES = [1024, 8 * 1024, 64 * 1024, 1024 * 1024] as const;

/** Small ones that are kept for the next tunnels: half a megabyte. */
const SMALL: Buffer[] = [];
const MOST_SMALL = 512;

/** A read that leaves this part of a buffer unused asks for a smaller one. */
const SPARE = 8;

/** Grows while reads come back full, shrinks when they no longer do. */
export class AdaptiveBuffer {
  readonly #pool: BufferPool;
  readonly #least: number;
  #buffer: Buffer | undefined;
  #level = 0;

  /**
   * Creates a buffer that holds no memory before it is used.
   *
   * @param pool Where larger ones come from.
   * @param least Bytes that it has at least, as far as the pool has them (default
   *   1,024).
   */
  constructor(pool: BufferPool = LARGE_BUFFERS, least = 0) {
    this.#pool = pool;
    this.#least = least > SIZES[0] ? levelFor(least) : 0;
  }

  /**
   * Gives the buffer to read into. What the last read left in it is void.
   *
   * @returns The whole buffer, for one read.
   */
  take(): Buffer {
    this.#buffer ??= this.#takeLeast();
    return this.#buffer;
  }

  /**
   * Tells what was read into it.
   *
   * @param count Bytes.
   * @returns Those bytes, in place; valid until {@linkcode AdaptiveBuffer.fit}.
   */
  filled(count: number): Buffer {
    const buffer = this.#buffer!;
    return count === buffer.length ? buffer : buffer.subarray(0, count);
  }

  /**
   * Sizes the buffer for the next read by the last one, whose bytes have to be
   * done with by now.
   *
   * @param count Bytes that the last read brought.
   * @param most Bytes that the next read may bring (default: any number).
   */
  fit(count: number, most = Infinity): void {
    const length = SIZES[this.#level]!;
    if (count === length) this.#grow(most);
    else if (this.#level > this.#least && count * SPARE < length) {
      this.#shrink();
    }
  }

  /**
   * Leaves the buffer to whoever still uses what was read into it, and to the
   * garbage collector after that; the next read gets another one.
   */
  detach(): void {
    if (this.#level > 0 && this.#buffer !== undefined) {
      this.#pool.forget(this.#buffer);
    }
    this.#buffer = undefined;
    this.#level = 0;
  }

  /** Lets the memory go, at the end of the stream. */
  free(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    if (this.#level > 0) this.#pool.give(buffer);
    else if (SMALL.length < MOST_SMALL) SMALL.push(buffer);
    this.#buffer = undefined;
    this.#level = 0;
  }

  #takeLeast(): Buffer {
    const least = this.#least;
    const large = least > 0 ? this.#pool.take(SIZES[least]!) : undefined;
    if (large !== undefined) this.#level = least;
    return large ?? SMALL.pop() ?? new Uint8Array(SIZES[0]);
  }

  #grow(most: number): void {
    const size = SIZES[this.#level + 1];
    // One that would shrink again after the next read is not worth taking.
    const isUsable = size !== undefined && most * SPARE >= size;
    const larger = isUsable ? this.#pool.take(size) : undefined;
    if (larger === undefined) return; // Largest already, or the pool is spent.
    const level = this.#level + 1;
    this.free();
    this.#buffer = larger;
    this.#level = level;
  }

  #shrink(): void {
    const level = this.#level - 1;
    const smaller = level === 0 ? undefined : this.#pool.take(SIZES[level]!);
    this.free();
    this.#buffer = smaller;
    this.#level = smaller === undefined ? 0 : level;
  }
}

/** The smallest that has room for so many bytes, or else the largest. */
function levelFor(length: number): number {
  const level = SIZES.findIndex((size) => size >= length);
  return level < 0 ? SIZES.length - 1 : level;
}
