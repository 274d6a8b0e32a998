/**
 * Large buffers, shared by all tunnels and bounded in all.
 *
 * @module
 */

/** A buffer for one direction of a tunnel. */
export type Buffer = Uint8Array<ArrayBuffer>;

/**
 * Bytes of large buffers in all, in use and kept for the next, unless the
 * memory is limited.
 */
export const BUFFER_BUDGET: number = 256 * 1024 * 1024;

/**
 * What the largest sizes may have of the budget: with many busy tunnels they
 * would leave the processor's caches, and starve the others.
 */
const SHARES: ReadonlyMap<number, number> = new Map([
  [512 * 1024, 1 / 2],
  [2 * 1024 * 1024, 1 / 8],
  [4 * 1024 * 1024, 1 / 32],
]);

/** Kept of each size; those beyond are left to the garbage collector. */
const MOST_KEPT = 16;

/**
 * Large blocks lie 16 bytes behind the start of a page, where the C library
 * keeps its own. So far on they begin at a cache line, into which the system
 * copies what it received an eighth faster (measured: 46 for 52 ms a GB).
 */
const ALIGNMENT = 48;

/** Lends buffers of a few sizes, until its budget is spent. */
export class BufferPool {
  #budget: number;
  #mostKept = MOST_KEPT;
  readonly #free = new Map<number, Buffer[]>();
  #allocated = 0;
  /** The same for those sizes that have a share. */
  readonly #shares = new Map<number, number>();

  /**
   * Creates a pool with nothing allocated yet.
   *
   * @param budget Bytes in all, lent out and kept.
   */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /**
   * Changes the budget, where the memory is limited. What is lent out beyond it
   * stays lent. From then on every buffer is kept: the garbage collector lets
   * 64 MB come together before it looks for those that were dropped.
   *
   * @param budget Bytes in all, lent out and kept.
   */
  setBudget(budget: number): void {
    this.#budget = budget;
    this.#mostKept = Infinity;
  }

  /** Bytes that are lent out or kept. */
  get allocated(): number {
    return this.#allocated;
  }

  /**
   * Lends a buffer.
   *
   * @param size Its length in bytes; sizes should be few.
   * @returns The buffer, with whatever was in it, or `undefined` where the
   *   budget does not allow another.
   */
  take(size: number): Buffer | undefined {
    const kept = this.#free.get(size)?.pop();
    if (kept !== undefined) return kept;
    const share = SHARES.get(size);
    const taken = (this.#shares.get(size) ?? 0) + size;
    if (share !== undefined && taken > this.#budget * share) return undefined;
    if (this.#allocated + size > this.#budget) this.#dropKept();
    if (this.#allocated + size > this.#budget) return undefined;
    this.#count(size, 1);
    return new Uint8Array(new ArrayBuffer(ALIGNMENT + size), ALIGNMENT);
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer What {@linkcode BufferPool.take} gave; not to be used again.
   */
  give(buffer: Buffer): void {
    const kept = this.#free.get(buffer.length);
    if (kept === undefined) this.#free.set(buffer.length, [buffer]);
    else if (kept.length < this.#mostKept) kept.push(buffer);
    else this.forget(buffer);
  }

  /**
   * Gives up a buffer that won't be given back.
   *
   * @param buffer What {@linkcode BufferPool.take} gave.
   */
  forget(buffer: Buffer): void {
    this.#count(buffer.length, -1);
  }

  #count(size: number, buffers: number): void {
    const bytes = size * buffers;
    this.#allocated += bytes;
    if (!SHARES.has(size)) return;
    this.#shares.set(size, (this.#shares.get(size) ?? 0) + bytes);
  }

  /** What lies here for one size may be what another size needs. */
  #dropKept(): void {
    if (this.#mostKept === Infinity) return;
    for (const [size, kept] of this.#free) {
      this.#count(size, -kept.length);
    }
    this.#free.clear();
  }
}

/** The pool of all tunnels. */
export const LARGE_BUFFERS: BufferPool = new BufferPool(BUFFER_BUDGET);
