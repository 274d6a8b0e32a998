/**
 * A counter that several threads share.
 *
 * @module
 */

/** A counter that gives every number to one thread only. */
export class SharedCounter {
  /** Memory to send to other threads, which join the counter with it. */
  readonly memory: SharedArrayBuffer;

  readonly #count: BigInt64Array;

  /**
   * Creates a counter that starts at 1, or joins an existing one.
   *
   * @param memory The counter's memory (default: new memory).
   */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#count = new BigInt64Array(memory);
  }

  /**
   * Takes a number.
   *
   * @returns The next number, from 1.
   */
  next(): number {
    return Number(Atomics.add(this.#count, 0, 1n)) + 1;
  }
}
