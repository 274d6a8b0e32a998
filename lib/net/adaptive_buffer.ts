/**
 * The buffer of one direction of a tunnel: small while it waits, large while
 * bytes keep coming.
 *
 * @module
 */

import { type Buffer, type BufferPool, LARGE_BUFFERS } from "./buffer_pool.ts";

const KIB = 1024;

/**
 * Bytes. An idle tunnel holds two buffers of the first size. The largest size
 * was measured (GB/s up and down with 1, 8 and 50 streams, medians of five
 * interleaved rounds on two cores; sizes above 1 MiB shared an eighth of the
 * budget, and 16 MiB was slower than 4):
 *
 * | largest | 1 up | 1 down | 8 up | 8 down | 50 up | 50 down |
 * |---------|------|--------|------|--------|-------|---------|
 * | 1 MiB | 2.22 | 2.28 | 2.18 | 2.06 | 1.78 | 1.69 |
 * | 2 MiB | 2.35 | 2.37 | 2.43 | 2.16 | 1.95 | 1.73 |
 * | 4 MiB | 2.56 | 2.73 | 2.21 | 2.26 | 1.68 | 1.42 |
 * | 8 MiB | 2.49 | 2.90 | 1.97 | 1.84 | 1.69 | 1.36 |
 * | 16 MiB | 2.52 | 2.58 | 2.05 | 2.00 | 1.77 | 1.43 |
 *
 * So one stream has 4 MiB and several have 2: in another run 2.45, 2.55, 2.11,
 * 2.08, 1.97 and 1.66, where 1 MiB had 1.89, 2.14, 2.19, 2.01, 1.65 and 1.79.
 */
const SIZES = [
  // A browser's CONNECT with credentials fits.
  384,
  KIB,
  8 * KIB,
  64 * KIB,
  512 * KIB,
  2048 * KIB,
  4096 * KIB,
] as const;

/**
 * From this level on, a tunnel keeps the buffer only while reads fill it. A
 * read that does not fill it has emptied the socket, and the next one may wait
 * for a long time.
 */
const LENT = 4;

/**
 * A read that fills the smallest buffer asks for this level at least: most
 * longer messages, such as a ClientHello, then need two reads and not three.
 */
const SECOND = 2;

/** Small buffers kept for the next tunnels: 192 KiB. */
const SMALL: Buffer[] = [];
const MOST_SMALL = 512;

/**
 * Small buffers are cut from slabs of so many bytes: a separate one costs 300
 * bytes more.
 */
const SLAB = 32 * SIZES[0];

let slab = new ArrayBuffer(SLAB);
let cut = 0;

/** A read that leaves this part of a buffer unused asks for a smaller one. */
const SPARE = 8;

/** Grows while reads come back full, shrinks when they no longer do. */
export class AdaptiveBuffer {
  readonly #pool: BufferPool;
  readonly #least: number;
  #buffer: Buffer | undefined;
  #level = 0;
  /**
   * Level of the last large buffer, taken again when reads fill the small one.
   */
  #peak = 0;

  /**
   * Allocates no memory before the first use.
   *
   * @param pool Where larger ones come from.
   * @param least Least size in bytes, if the pool has it (default 384).
   */
  constructor(pool: BufferPool = LARGE_BUFFERS, least = 0) {
    this.#pool = pool;
    this.#least = least > SIZES[0] ? levelFor(least) : 0;
  }

  /**
   * Returns the buffer to read into. It no longer holds the bytes of the last
   * read.
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
   * @returns The bytes in place, valid until {@linkcode AdaptiveBuffer.fit}.
   */
  filled(count: number): Buffer {
    const buffer = this.#buffer!;
    return count === buffer.length ? buffer : buffer.subarray(0, count);
  }

  /**
   * Sizes the buffer for the next read by the last one. The caller must be done
   * with the bytes of the last read.
   *
   * @param count Bytes that the last read brought.
   * @param most Bytes that the next read may bring (default: any number).
   */
  fit(count: number, most = Infinity): void {
    const length = SIZES[this.#level]!;
    if (count === length) {
      const next = Math.max(this.#peak, this.#level + 1, SECOND);
      this.#peak = 0;
      this.#grow(next, most);
      return;
    }
    this.#peak = 0;
    const isSpare = count * SPARE < length;
    if (this.#level >= LENT) {
      const peak = isSpare ? this.#level - 1 : this.#level;
      this.#shrink(this.#least);
      this.#peak = peak;
    } else if (this.#level > this.#least && isSpare) {
      this.#shrink(this.#level - 1);
    }
  }

  /**
   * Gives up the buffer while a caller still uses its bytes. The garbage
   * collector frees it, and the next read gets another one.
   */
  detach(): void {
    if (this.#level > 0 && this.#buffer !== undefined) {
      this.#pool.forget(this.#buffer);
    }
    this.#buffer = undefined;
    this.#level = 0;
  }

  /** Frees the memory at the end of the stream. */
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
    return large ?? SMALL.pop() ?? cutSmall();
  }

  /**
   * Takes a buffer of this level, or of the highest level below it that the
   * pool has.
   */
  #grow(highest: number, most: number): void {
    const top = Math.min(highest, SIZES.length - 1);
    for (let level = top; level > this.#level; level--) {
      const size = SIZES[level]!;
      // Not worth taking if it would shrink again after the next read.
      const larger = most * SPARE >= size ? this.#pool.take(size) : undefined;
      if (larger === undefined) continue;
      this.free();
      this.#buffer = larger;
      this.#level = level;
      return;
    }
  }

  #shrink(level: number): void {
    const smaller = level === 0 ? undefined : this.#pool.take(SIZES[level]!);
    this.free();
    this.#buffer = smaller;
    this.#level = smaller === undefined ? 0 : level;
  }
}

/** Cuts a small buffer from a slab, which lives as long as any of its parts. */
function cutSmall(): Buffer {
  if (cut === SLAB) {
    slab = new ArrayBuffer(SLAB);
    cut = 0;
  }
  const small = new Uint8Array(slab, cut, SIZES[0]);
  cut += SIZES[0];
  return small;
}

/** The smallest level that holds so many bytes, or else the largest. */
function levelFor(length: number): number {
  const level = SIZES.findIndex((size) => size >= length);
  return level < 0 ? SIZES.length - 1 : level;
}
