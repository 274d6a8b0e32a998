/**
 * Draws single lines.
 *
 * @module
 */

import { type Style, styled } from "../../cli/layout.ts";
import { clip } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";

/**
 * Draws a line, shortened to the width of the terminal.
 *
 * @param text Text from any source.
 * @param style Its style, if the terminal has styles (default: plain).
 */
export function drawLine(
  { isStyled, size }: Pick<Frame, "isStyled" | "size">,
  text: string,
  style?: Style,
): string {
  const line = clip(text, size.columns);
  return style === undefined ? line : styled(line, style, isStyled);
}
