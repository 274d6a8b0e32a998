/**
 * Draws the list of keys.
 *
 * @module
 */

import { drawLine } from "./line.ts";
import { fillCell } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";

/** Columns of the keys. */
const NAMES = 20;

/** The keys, and what they do. */
export const KEYS: readonly (readonly [key: string, effect: string])[] = [
  ["Up, Down", "select the previous or next line"],
  ["PgUp, PgDn", "move by a page; Home and End go to the ends"],
  ["/", "filter; Enter keeps it, Esc undoes it, Ctrl-U clears"],
  ["s, S", "sort by the next or previous column"],
  ["r", "reverse the order"],
  ["Enter", "show everything about the tunnel, or filter by the talker"],
  ["k", "end the selected tunnel, after you confirm it"],
  ["K", "end all tunnels that match the filter, after you confirm it"],
  ["b", "ban the client for an hour, after you confirm it"],
  ["t", "top talkers: Tab changes kind, s order, [ and ] time"],
  ["e", "errors: what fails, and why; [ and ] change the time"],
  ["p, Space", "pause: the picture stays as it is"],
  ["Esc", "go back to the tunnels; there it removes the filter"],
  ["Ctrl-L", "draw the screen again"],
  ["Ctrl-Z", "suspend; fg in the shell resumes"],
  ["?, h", "this list"],
  ["q, Ctrl-C", "quit"],
];

/** Draws the list. */
export function drawHelp(frame: Frame): string[] {
  return [
    drawLine(frame, "Keys", "bold"),
    ...KEYS.map(([key, effect]) =>
      drawLine(frame, fillCell(`  ${key}`, NAMES) + effect)
    ),
  ];
}
