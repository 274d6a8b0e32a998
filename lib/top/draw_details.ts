/**
 * Draws everything about one tunnel.
 *
 * @module
 */

import { styled } from "../cli/layout.ts";
import { clip, fillCell, fold } from "./fill_cell.ts";
import type { Frame } from "./frame.ts";

/** Width of the names in columns, with the space after them. */
const NAMES = 15;

/** Draws everything about the selected tunnel. */
export function drawDetails(
  { isStyled, picture, size, view }: Frame,
): string[] {
  const { details } = view;
  if (details === undefined) return [];
  const lines = picture.details.flatMap(([name, value]) =>
    fold(value, Math.max(1, size.columns - NAMES)).map((part, index) =>
      clip(fillCell(index === 0 ? `  ${name}` : "", NAMES) + part, size.columns)
    )
  );
  const ended = details.row.isGone ? ", which has ended" : "";
  const title = clip(`Tunnel ${details.tunnel.id}${ended}`, size.columns);
  return [styled(title, "bold", isStyled), ...lines];
}
