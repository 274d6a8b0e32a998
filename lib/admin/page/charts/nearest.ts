/**
 * Finds a time in a list.
 *
 * @module
 */

/** Returns the index of the nearest time; -1 for an empty list. */
export function nearest(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  if (before === undefined) return high < 0 ? -1 : low;
  return time - before < times[low]! - time ? low - 1 : low;
}
