/**
 * Large buffers that all tunnels share, within one budget.
 *
 * @module
 */

/** A buffer for one direction of a tunnel. */
export type Buffer = Uint8Array<ArrayBuffer>;

/**
 * Total bytes of large buffers, in use and kept, unless the memory is limited.
 */
export const BUFFER_BUDGET: number = 256 * 1024 * 1024;

/**
 * Share of the budget for the largest sizes. With many busy tunnels, more of
 * them would leave the processor's caches and starve the others.
 */
const SHARES: ReadonlyMap<number, number> = new Map([
  [512 * 1024, 1 / 2],
  [2 * 1024 * 1024, 1 / 8],
  [4 * 1024 * 1024, 1 / 32],
]);

/** Buffers kept of each size; the garbage collector gets the rest. */
const MOST_KEPT = 16;

/**
 * The C library places large blocks 16 bytes after the start of a page. With
 * this offset a buffer begins at a cache line, and the system copies received
 * bytes into it an eighth faster (measured: 46 instead of 52 ms a GB).
 */
const ALIGNMENT = 48;

/** Lends buffers of a few sizes until its budget is spent. */
export class BufferPool {
  #budget: number;
  #mostKept = MOST_KEPT;
  readonly #free = new Map<number, Buffer[]>();
  #allocated = 0;
  /** Bytes allocated of each size that has a share. */
  readonly #shares = new Map<number, number>();

  /**
   * Creates an empty pool.
   *
   * @param budget Total bytes, lent and kept.
   */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /**
   * Changes the budget if the memory is limited. Buffers lent beyond it stay
   * lent. From then on the pool keeps every buffer, because the garbage
   * collector frees dropped ones only after 64 MB of them.
   *
   * @param budget Total bytes, lent and kept.
   */
  setBudget(budget: number): void {
    this.#budget = budget;
    this.#mostKept = Infinity;
  }

  /** Bytes that are lent or kept. */
  get allocated(): number {
    return this.#allocated;
  }

  /**
   * Lends a buffer.
   *
   * @param size Its length in bytes; sizes should be few.
   * @returns The buffer with its old contents, or `undefined` if the budget is
   *   spent.
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
   * Writes off a buffer that the borrower does not give back.
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

  /**
   * Frees kept buffers of one size so that another size fits into the budget.
   */
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
