/**
 * Estimates how much of a rate a node could use.
 *
 * @module
 */

/** A waiting node requests this multiple of its current use. */
const GROWTH = 2;

/** Least demand of a waiting node, as a part of the rate. */
const LEAST = 1 / 16;

/** Demand of a node before its first use, as a part of the rate. */
const FIRST = 1 / 4;

/** A node that does not wait requests this multiple of its current use. */
const HEADROOM = 1.1;

/** Estimates the demand from the bytes carried. */
export class Demand {
  #carried: number;
  #at: number;
  #last = 0;
  /** Demand in bytes per second; 0 if the last two looks found no use. */
  bytes: number;

  /**
   * Starts to measure.
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
   * Updates the demand.
   *
   * @param carried Bytes carried so far.
   * @param now Milliseconds; later than at the last look.
   * @param rate The rate, in bytes per second.
   * @param waited Whether a connection had to wait since the last look.
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
