/**
 * Sorting of rows.
 *
 * @module
 */

/** What a row is sorted by; nothing and empty text come last. */
export type SortValue = string | number | undefined;

/** 1 from small to large, -1 the other way. */
export type SortDirection = 1 | -1;

/** Digits that a number in a text may have to be sorted as one. */
const WIDTH = 10;

/**
 * Sorts rows; what has no value comes last in both directions, and what is
 * equal stays in the order in which it was.
 *
 * @param valueOf What a row is sorted by; asked once for each.
 */
export function sortRows<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => SortValue,
  direction: SortDirection,
): Row[] {
  const keyed = rows.map((row) => ({ row, value: valueOf(row) }));
  keyed.sort((a, b) => compare(a.value, b.value, direction));
  return keyed.map(({ row }) => row);
}

/**
 * Makes text that sorts as people expect: without case, numbers by their size,
 * so that `10.0.0.9` comes before `10.0.0.10`.
 */
export function naturalKey(text: string): string {
  return text.toLowerCase()
    .replace(/\d+/g, (digits) => digits.padStart(WIDTH, "0"));
}

function compare(a: SortValue, b: SortValue, direction: SortDirection): number {
  if (a === b) return 0;
  if (a === undefined || a === "") return 1;
  if (b === undefined || b === "") return -1;
  return a < b ? -direction : direction;
}
