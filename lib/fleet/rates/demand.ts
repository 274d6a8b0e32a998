/**
 * How much of a rate a node could use.
 *
 * @module
 */

/** A node that has to wait asks for this many times what it carries. */
const GROWTH = 2;

/** The least demand of a node that has to wait, as a part of the rate. */
const LEAST = 1 / 16;

/** What a node asks for before it has carried anything, as a part of the rate. */
const FIRST = 1 / 4;

/** What a node that does not have to wait asks for, beyond what it carries. */
const HEADROOM = 1.1;

/** Estimates a demand from what was carried. */
export class Demand {
  #carried: number;
  #at: number;
  #last = 0;
  /** Bytes per second; 0 if nothing was carried in the last two looks. */
  bytes: number;

  /**
   * Begins to look.
   *
   * @param carried Bytes carried so far.
   * @param now Milliseconds.
   * @param rate The rate, in bytes per second.
   */
  constructor(carried: number, now: number, rate: number) {
    this.#carried = carried;
    this.#at = now;
    this.bytes = rate * FIRST;
  }

  /**
   * Looks again.
   *
   * @param carried Bytes carried so far.
   * @param now Milliseconds; later than at the last look.
   * @param rate The rate, in bytes per second.
   * @param waited Whether somebody had to wait since the last look.
   */
  look(carried: number, now: number, rate: number, waited: boolean): void {
    const bytes = (carried - this.#carried) / ((now - this.#at) / 1_000);
    const most = Math.max(bytes, this.#last);
    this.#carried = carried;
    this.#at = now;
    this.#last = bytes;
    this.bytes = waited
      ? Math.min(rate, Math.max(bytes * GROWTH, rate * LEAST))
      : Math.min(rate, most * HEADROOM);
  }
}
