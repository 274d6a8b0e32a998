/**
 * Counts durations by class, for a histogram.
 *
 * @module
 */

/** Upper bounds of the classes in milliseconds. The last class has none. */
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

/** A snapshot of the counts. */
export interface TimeCounts {
  /** Count of each class of {@linkcode CLASS_ENDS}, then of longer times. */
  readonly counts: readonly number[];
  /** Sum of all times in milliseconds. */
  readonly sum: number;
}

/** Counts times by class. */
export class TimeClasses {
  readonly #counts: number[] = CLASS_ENDS.map(() => 0).concat(0);
  #sum = 0;

  /** The counts so far. */
  get counted(): TimeCounts {
    return { counts: [...this.#counts], sum: this.#sum };
  }

  /** Counts one time. */
  add(milliseconds: number): void {
    let index = 0;
    while (milliseconds > CLASS_ENDS[index]!) index++;
    this.#counts[index]!++;
    this.#sum += milliseconds;
  }
}

/** Adds two snapshots. */
export function addTimes(one: TimeCounts, other: TimeCounts): TimeCounts {
  return {
    counts: one.counts.map((count, index) => count + other.counts[index]!),
    sum: one.sum + other.sum,
  };
}
