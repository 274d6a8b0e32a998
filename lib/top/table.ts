/**
 * Shared parts of the tables.
 *
 * @module
 */

import { styled } from "../cli/layout.ts";
import { clip } from "./fill_cell.ts";

/** Marks the selected line, even without styles. */
export const MARK = "> ";

/** Number of lines above the rows of a table. */
export const TABLE_LINES = 2;

/** Appearance of a line. */
export interface LineStyle {
  /** Whether it is the selected one. */
  isSelected: boolean;
  /** Whether its item has ended (default false). */
  isFaint?: boolean;
  /** Whether the terminal has styles. */
  isStyled: boolean;
  /** Columns of the line. */
  width: number;
}

/**
 * Draws a row.
 *
 * @param text Its cells.
 */
export function markLine(
  text: string,
  { isFaint = false, isSelected, isStyled, width }: LineStyle,
): string {
  const mark = isSelected ? MARK : " ".repeat(MARK.length);
  const line = clip(mark + text, width);
  if (isSelected) return styled(line, "selected", isStyled);
  return isFaint ? styled(line, "faint", isStyled) : line;
}
