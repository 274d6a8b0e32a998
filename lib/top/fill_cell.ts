/**
 * Text in a fixed number of columns of a terminal.
 *
 * @module
 */

import { eastAsianWidth } from "get-east-asian-width";
import { escape } from "../observe/escape.ts";

/** Characters that have one column each. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Combining marks, which take no column of their own. */
const MARK = /^[\p{Mn}\p{Me}]$/u;

/** Replaces the end of a text that does not fit; one column. */
const REST = "…";

/** Most characters of a text to process; no name or address is longer. */
const LONGEST = 1_024;

/** Side of the cell to which text is aligned. */
export type Side = "left" | "right";

/**
 * Makes text from the network safe to show, and shortens it to a number of
 * columns.
 *
 * @param text Text from any source.
 * @param columns Most columns of the result.
 * @returns One line without control characters. A wide character that does not
 *   fit completely is left out.
 */
export function clip(text: string, columns: number): string {
  const shown = escape(text.slice(0, LONGEST));
  if (widthOf(shown) <= columns) return shown;
  let kept = "";
  let width = 0;
  for (const character of shown) {
    width += widthOf(character);
    if (width > columns - REST.length) break;
    kept += character;
  }
  return columns < REST.length ? "" : kept + REST;
}

/**
 * Makes text from the network safe to show, and breaks it into lines.
 *
 * @param text Text from any source.
 * @param columns Most columns of a line.
 * @returns One line or more.
 */
export function fold(text: string, columns: number): string[] {
  const lines = [""];
  let width = 0;
  for (const character of escape(text.slice(0, LONGEST))) {
    const more = widthOf(character);
    width += more;
    if (width > columns && lines.at(-1) !== "") {
      lines.push("");
      width = more;
    }
    lines[lines.length - 1] += character;
  }
  return lines;
}

/**
 * Puts text from the network into a cell.
 *
 * @param text Text from any source.
 * @param columns Columns of the cell.
 * @param side Alignment (default left).
 * @returns Text that has exactly this number of columns.
 */
export function fillCell(
  text: string,
  columns: number,
  side: Side = "left",
): string {
  const shown = clip(text, columns);
  const room = " ".repeat(Math.max(0, columns - widthOf(shown)));
  return side === "left" ? shown + room : room + shown;
}

/**
 * Counts the columns of text.
 *
 * @param text Text without control characters.
 */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (MARK.test(character)) continue;
    width += eastAsianWidth(character.codePointAt(0)!);
  }
  return width;
}
