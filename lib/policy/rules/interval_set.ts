/**
 * Sets of whole numbers as ranges: ports, addresses, minutes of a week.
 *
 * @module
 */

/** The first and the last number of a range. */
export type Interval = readonly [first: bigint, last: bigint];

/** A set of numbers. It never changes. */
export class IntervalSet {
  /** Its ranges in order, with a gap between any two. */
  readonly ranges: readonly Interval[];

  /**
   * Puts ranges together.
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

  /** Whether there is no number in it. */
  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /**
   * Tells whether all numbers of another set are in this one.
   *
   * @param other The other set.
   */
  covers(other: IntervalSet): boolean {
    if (other === this) return true; // Most rules have no such condition.
    return other.ranges.every(([first, last]) =>
      this.ranges.some(([from, to]) => from <= first && last <= to)
    );
  }

  /**
   * Tells whether the two sets have a number in common.
   *
   * @param other The other set.
   */
  overlaps(other: IntervalSet): boolean {
    return other.ranges.some(([first, last]) =>
      this.ranges.some(([from, to]) => from <= last && first <= to)
    );
  }

  /**
   * Puts two sets together.
   *
   * @param other The other set.
   * @returns What is in one of them.
   */
  with(other: IntervalSet): IntervalSet {
    return new IntervalSet([...this.ranges, ...other.ranges]);
  }

  /**
   * Takes a set away.
   *
   * @param other The other set.
   * @returns What is in this one and not in the other.
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
