/**
 * Sorting of rows.
 *
 * @module
 */

/** A sort key; missing and empty ones come last. */
export type SortValue = string | number | undefined;

/** 1 from small to large, -1 the other way. */
export type SortDirection = 1 | -1;

/** Most digits of a number in text that is sorted by value. */
const WIDTH = 10;

/**
 * Sorts rows. Rows without a value come last in both directions, and equal rows
 * keep their order.
 *
 * @param valueOf Returns the sort key; called once for each row.
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
 * Creates a sort key in natural order: without case, and numbers by value, so
 * that `10.0.0.9` comes before `10.0.0.10`.
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
