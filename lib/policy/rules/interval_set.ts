/**
 * Sets of whole numbers as ranges: ports, addresses, minutes of a week.
 *
 * @module
 */

/** The first and the last number of a range. */
export type Interval = readonly [first: bigint, last: bigint];

/** An immutable set of numbers. */
export class IntervalSet {
  /** Its ranges in order, with a gap between any two. */
  readonly ranges: readonly Interval[];

  /**
   * Creates a set.
   *
   * @param ranges The ranges, in any order; they may overlap.
   */
  constructor(ranges: readonly Interval[]) {
    const merged: [bigint, bigint][] = [];
    const sorted = ranges.toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    for (const [first, last] of sorted) {
      const before = merged.at(-1);
      if (before === undefined || first > before[1] + 1n) {
        merged.push([first, last]);
      } else if (last > before[1]) before[1] = last;
    }
    this.ranges = merged;
  }

  /** Whether it is empty. */
  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /** Tells whether all numbers of another set are in this one. */
  covers(other: IntervalSet): boolean {
    if (other === this) return true; // Most rules have no such condition.
    return other.ranges.every(([first, last]) =>
      this.ranges.some(([from, to]) => from <= first && last <= to)
    );
  }

  /** Tells whether the two sets have a number in common. */
  overlaps(other: IntervalSet): boolean {
    return other.ranges.some(([first, last]) =>
      this.ranges.some(([from, to]) => from <= last && first <= to)
    );
  }

  /** Joins two sets. */
  with(other: IntervalSet): IntervalSet {
    return new IntervalSet([...this.ranges, ...other.ranges]);
  }

  /**
   * Subtracts a set.
   *
   * @returns The numbers of this set that are not in the other.
   */
  without(other: IntervalSet): IntervalSet {
    let left: Interval[] = [...this.ranges];
    for (const [first, last] of other.ranges) {
      left = left.flatMap(([from, to]): Interval[] => {
        if (to < first || last < from) return [[from, to]];
        const parts: Interval[] = [];
        if (from < first) parts.push([from, first - 1n]);
        if (last < to) parts.push([last + 1n, to]);
        return parts;
      });
    }
    return new IntervalSet(left);
  }
}
