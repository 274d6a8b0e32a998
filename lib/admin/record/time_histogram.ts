/**
 * Counts durations in classes that grow with the duration, so that percentiles
 * are within a few per cent at any size.
 *
 * @module
 */

/** Milliseconds of the first class. */
const LEAST = 0.0625;

/** Classes between a duration and twice that: each is 9 % wider than the last. */
const PER_DOUBLING = 8;

/** Number of classes, up to 131 s; longer times count in the last. */
export const CLASSES: number = 21 * PER_DOUBLING;

/** Counts durations from 0.06 ms to 131 s, with an error of 5 % at most. */
export class TimeHistogram {
  /** How often, by class. */
  readonly counts: Uint32Array = new Uint32Array(CLASSES);

  /** Counts one duration in milliseconds. */
  add(milliseconds: number): void {
    const place = Math.floor(Math.log2(milliseconds / LEAST) * PER_DOUBLING);
    this.counts[Math.min(CLASSES - 1, Math.max(0, place))]!++;
  }

  /**
   * Adds the counts of another one.
   *
   * @param counts Its {@linkcode TimeHistogram.counts}.
   */
  merge(counts: Uint32Array): void {
    for (let n = 0; n < CLASSES; n++) this.counts[n]! += counts[n]!;
  }

  /** Number of durations counted. */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Finds a percentile.
   *
   * @param share 0.5 for the median, 0.95 for p95.
   * @returns Milliseconds, to three digits; `null` if nothing was counted.
   */
  quantile(share: number): number | null {
    let left = Math.ceil(this.total * share);
    if (left === 0) return null;
    let place = 0;
    while ((left -= this.counts[place]!) > 0) place++;
    const middle = LEAST * 2 ** ((place + 0.5) / PER_DOUBLING);
    return Number(middle.toPrecision(3));
  }
}
