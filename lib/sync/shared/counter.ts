/**
 * Numbers that several threads take from one counter.
 *
 * @module
 */

/** A counter that no two threads get the same number from. */
export class SharedCounter {
  /** What other threads make theirs from: a message carries it. */
  readonly memory: SharedArrayBuffer;

  readonly #count: BigInt64Array;

  /**
   * Creates one that begins with 1, or joins one that is there.
   *
   * @param memory The memory of the one to join.
   */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#count = new BigInt64Array(memory);
  }

  /**
   * Takes a number.
   *
   * @returns The next one, from 1.
   */
  next(): number {
    return Number(Atomics.add(this.#count, 0, 1n)) + 1;
  }
}
