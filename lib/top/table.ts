/**
 * Draws tables with a selected row.
 *
 * @module
 */

import { drawLine } from "./draw/line.ts";
import type { Frame } from "./frame.ts";
import type { ListCursor } from "./list_cursor.ts";

/** Marks the selected line, even without styles. */
export const MARK = "> ";

/** Number of lines above the rows of a table. */
export const TABLE_LINES = 2;

/** The content of a table. */
export interface Table<Item> {
  /** The line above the headings. */
  title: string;
  /** The headings of the columns. */
  headings: string;
  /** All items, visible or not. */
  items: readonly Item[];
  /** The selected item, and the first visible one. */
  cursor: Pick<ListCursor<Item>, "first" | "index">;
  /** Returns the cells of an item. */
  textOf(item: Item): string;
  /** Whether an item has ended (default: no). */
  isFaint?(item: Item): boolean;
  /** Shown instead of rows if there are no items. */
  none: string;
}

/**
 * Draws a table.
 *
 * @param height Lines of the whole table.
 */
export function drawTable<Item>(
  frame: Frame,
  height: number,
  { cursor, headings, isFaint, items, none, textOf, title }: Table<Item>,
): string[] {
  const { first, index } = cursor;
  const unmarked = " ".repeat(MARK.length);
  const rows = items.slice(first, first + height - TABLE_LINES)
    .map((item, offset) =>
      first + offset === index
        ? drawLine(frame, MARK + textOf(item), "selected")
        : drawLine(
          frame,
          unmarked + textOf(item),
          isFaint?.(item) ? "faint" : undefined,
        )
    );
  return [
    drawLine(frame, title),
    drawLine(frame, unmarked + headings, "bold"),
    ...rows.length > 0 ? rows : [drawLine(frame, none)],
  ];
}
