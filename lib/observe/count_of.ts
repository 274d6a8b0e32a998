/**
 * Numbers of things in words.
 *
 * @module
 */

/**
 * Says how many there are of something.
 *
 * @param count How many.
 * @param thing What one of them is called; `s` makes it several.
 * @returns For example `1 connection`, or `0 connections`.
 */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
