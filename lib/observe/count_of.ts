/**
 * Formats counts of things, such as `3 connections`.
 *
 * @module
 */

/**
 * Formats a count with its noun.
 *
 * @param count Any whole number.
 * @param thing The noun in the singular; the plural adds `s`.
 * @returns For example `1 connection`, or `0 connections`.
 */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
