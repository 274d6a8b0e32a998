/**
 * Estimates how much of a rate a node could use.
 *
 * @module
 */

/** A node that needs more requests this multiple of its current use. */
const GROWTH = 2;

/** Least demand of a node that needs more, as a part of the rate. */
const LEAST = 1 / 16;

/** Demand of a node before its first use, as a part of the rate. */
const FIRST = 1 / 4;

/** Weight of the latest look in the mean, which lasts about a second. */
const WEIGHT = 1 / 4;

/** A node needs more if it waits and uses at least this part of what it has. */
const FULL = 15 / 16;

/** What a node did since the last look. */
export interface Look {
  /** Bytes carried so far. */
  readonly carried: number;
  /** Milliseconds; later than at the last look. */
  readonly now: number;
  /** The rate, in bytes per second. */
  readonly rate: number;
  /** Whether a connection had to wait. */
  readonly waited: boolean;
  /** The least that the node could use, in bytes per second. */
  readonly part: number;
}

/** Estimates the demand from the bytes carried. */
export class Demand {
  #carried: number;
  #at: number;
  #last = 0;
  #mean: number;
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
    this.#mean = 0;
    this.bytes = rate * FIRST;
  }

  /** Updates the demand. */
  look({ carried, now, part, rate, waited }: Look): void {
    const bytes = (carried - this.#carried) / ((now - this.#at) / 1_000);
    // Not above both last looks: a node that stops lets the others have its
    // part soon.
    const most = Math.max(bytes, this.#last);
    const mean = this.#mean === 0
      ? most
      : this.#mean + (bytes - this.#mean) * WEIGHT;
    this.#carried = carried;
    this.#at = now;
    this.#last = bytes;
    this.#mean = Math.min(most, mean);
    // Chunks that arrive together wait too, but need no larger part.
    this.bytes = waited && bytes >= part * FULL
      ? Math.min(rate, Math.max(bytes * GROWTH, rate * LEAST))
      : Math.min(rate, this.#mean);
  }
}
