/**
 * How often something took how long: what a histogram is made from.
 *
 * @module
 */

/** Upper ends of the classes of times, in milliseconds; the last has none. */
export const CLASS_ENDS = [
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
] as const;

/** The same as plain values. */
export interface TimeCounts {
  /** How often in each class of {@linkcode CLASS_ENDS}, and beyond. */
  readonly counts: readonly number[];
  /** All times together, in milliseconds. */
  readonly sum: number;
}

/** Counts times by class. */
export class TimeClasses {
  readonly #counts: number[] = CLASS_ENDS.map(() => 0).concat(0);
  #sum = 0;

  /** What was counted so far. */
  get counted(): TimeCounts {
    return { counts: [...this.#counts], sum: this.#sum };
  }

  /**
   * Counts one.
   *
   * @param milliseconds How long it took.
   */
  add(milliseconds: number): void {
    let index = 0;
    while (milliseconds > CLASS_ENDS[index]!) index++;
    this.#counts[index]!++;
    this.#sum += milliseconds;
  }
}

/**
 * Adds up what was counted in two places.
 *
 * @param one What was counted in one.
 * @param other What was counted in the other.
 * @returns The sum.
 */
export function addTimes(one: TimeCounts, other: TimeCounts): TimeCounts {
  return {
    counts: one.counts.map((count, index) => count + other.counts[index]!),
    sum: one.sum + other.sum,
  };
}
