/**
 * Movement by arrow keys in a table (WAI-ARIA Authoring Practices, grid).
 *
 * @module
 */

/** The row of the headings. */
export const HEADINGS = -1;

/** A cell. */
export interface Position {
  /** Number of its row, or {@linkcode HEADINGS}. */
  row: number;
  /** Number of its column. */
  column: number;
}

/** Size of the table. */
export interface GridExtent {
  /** Number of rows, without the headings. */
  rows: number;
  /** Number of visible columns. */
  columns: number;
  /** Number of visible rows. */
  page: number;
}

/** A key of a keyboard event. */
export interface Key {
  /** Its name. */
  key: string;
  /** Whether Control is pressed. */
  ctrlKey: boolean;
}

/**
 * Returns the cell that a key leads to.
 *
 * @returns `undefined` if the key does not move.
 */
export function move(
  { row, column }: Position,
  { key, ctrlKey }: Key,
  { rows, columns, page }: GridExtent,
): Position | undefined {
  const to = (nextRow: number, nextColumn: number): Position => ({
    row: clamp(nextRow, HEADINGS, rows - 1),
    column: clamp(nextColumn, 0, columns - 1),
  });
  switch (key) {
    case "ArrowUp":
      return to(row - 1, column);
    case "ArrowDown":
      return to(row + 1, column);
    case "ArrowLeft":
      return to(row, column - 1);
    case "ArrowRight":
      return to(row, column + 1);
    case "PageUp":
      return to(Math.max(0, row - page), column);
    case "PageDown":
      return to(row + page, column);
    case "Home":
      return ctrlKey ? to(0, 0) : to(row, 0);
    case "End":
      return ctrlKey ? to(rows - 1, columns - 1) : to(row, columns - 1);
    default:
      return undefined;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
