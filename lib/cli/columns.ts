/**
 * Lines of text in columns.
 *
 * @module
 */

/**
 * Makes each column as wide as its longest cell, with two spaces in between.
 *
 * @param rows Lines of the same number of cells; at least one.
 * @param right Columns that are aligned to the right, from 0 (default none).
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  const align = (cell: string, column: number) =>
    right.has(column)
      ? cell.padStart(widths[column]!)
      : cell.padEnd(widths[column]!);
  return rows.map((row) => row.map(align).join("  ").trimEnd());
}
