/**
 * Draws everything about one tunnel.
 *
 * @module
 */

import { drawLine } from "./line.ts";
import { fillCell, fold } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";

/** Width of the names in columns, with the space after them. */
const NAMES = 15;

/** Draws everything about the selected tunnel. */
export function drawDetails(frame: Frame): string[] {
  const { picture, size, view: { details } } = frame;
  if (details === undefined) return [];
  const lines = picture.details.flatMap(([name, value]) =>
    fold(value, Math.max(1, size.columns - NAMES)).map((part, index) =>
      drawLine(frame, fillCell(index === 0 ? `  ${name}` : "", NAMES) + part)
    )
  );
  const ended = details.row.isGone ? ", which has ended" : "";
  const title = `Tunnel ${details.tunnel.id}${ended}`;
  return [drawLine(frame, title, "bold"), ...lines];
}
