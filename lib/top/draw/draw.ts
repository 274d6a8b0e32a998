/**
 * Draws a whole screen.
 *
 * @module
 */

import { clip, widthOf } from "../fill_cell.ts";
import { drawDetails } from "./details.ts";
import { drawErrors, errorLines } from "./errors.ts";
import { drawHeader, HEADER_LINES } from "./header.ts";
import { drawLine } from "./line.ts";
import { drawHelp } from "./help.ts";
import { drawTalkers } from "./talkers.ts";
import { drawTunnels } from "./tunnels.ts";
import type { Frame } from "../frame.ts";
import { TABLE_LINES } from "../table.ts";
import type { Panel } from "../view.ts";

/** Number of lines below the panel. */
const FOOTER_LINES = 1;

const DRAWERS: Readonly<
  Record<Panel, (frame: Frame, height: number) => string[]>
> = {
  tunnels: drawTunnels,
  details: drawDetails,
  talkers: drawTalkers,
  errors: drawErrors,
  help: drawHelp,
};

const PROMPT = "Filter: ";

/** The keys that the last line shows, by panel. */
const FOOTERS: Readonly<Record<Panel, string>> = {
  tunnels:
    "/ filter  s sort  k kill  t talkers  e errors  p pause  ? keys  q quit",
  details: "k kill  b ban  Esc back  ? keys  q quit",
  talkers:
    "Tab kind  s order  [ ] time  Enter filter  Esc back  p pause  ? keys  q quit",
  errors: "[ ] time  Up Down scroll  Esc back  p pause  ? keys  q quit",
  help: "Esc back  q quit",
};

/**
 * Draws a screen.
 *
 * @param frame What to draw. Its view scrolls so that the selections are
 *   visible.
 * @returns One line for each row of the terminal, without line ends; none is
 *   wider than the terminal.
 */
export function draw(frame: Frame): string[] {
  const { rows } = frame.size;
  const height = Math.max(0, rows - HEADER_LINES - FOOTER_LINES);
  fit(frame, height);
  const panel = DRAWERS[frame.view.panel](frame, height).slice(0, height);
  const lines = Array.from({ length: height }, (_, row) => panel[row] ?? "");
  const fault = drawFault(frame);
  if (fault !== undefined) lines.splice(-1, 1, fault);
  return [...drawHeader(frame), ...lines, drawFooter(frame)].slice(-rows);
}

function fit(frame: Frame, height: number): void {
  const { picture, view } = frame;
  view.tunnels.take(
    picture.tunnels,
    (one, other) => one.tunnel.id === other.tunnel.id,
  );
  view.tunnels.fit(height - TABLE_LINES);
  view.talkers.take(
    picture.talkers.answer?.talkers ?? [],
    (one, other) => one.key === other.key,
  );
  view.talkers.fit(height - TABLE_LINES);
  if (view.panel === "errors") {
    view.errors.fit(errorLines(frame).length, height - 1);
  }
}

function drawFooter(frame: Frame): string {
  const { columns } = frame.size;
  const { notice, panel, question } = frame.view;
  if (question?.is === "filter") {
    const typed = lastPart(question.text, columns - PROMPT.length - 1);
    return drawLine(frame, `${PROMPT}${typed}_`);
  }
  if (question?.is === "change") {
    const ask = " y/n";
    const text = clip(question.text, Math.max(0, columns - ask.length));
    return drawLine(frame, text + ask, "warning");
  }
  if (notice !== "") return drawLine(frame, notice, "warning");
  return drawLine(frame, FOOTERS[panel], "faint");
}

/** An error in the filter gets its own line above the filter. */
function drawFault(frame: Frame): string | undefined {
  const { notice, question } = frame.view;
  if (question?.is !== "filter" || notice === "") return undefined;
  return drawLine(frame, notice, "warning");
}

/** The end of the typed text that fits. */
function lastPart(text: string, columns: number): string {
  let part = text;
  while (widthOf(part) > Math.max(0, columns)) part = part.slice(1);
  return part;
}
