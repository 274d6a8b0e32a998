/**
 * Draws a whole screen.
 *
 * @module
 */

import { styled } from "../cli/layout.ts";
import { clip, widthOf } from "./cell.ts";
import { drawDetails } from "./draw_details.ts";
import { drawErrors, errorLines } from "./draw_errors.ts";
import { drawHeader, HEADER_LINES } from "./draw_header.ts";
import { drawHelp } from "./draw_help.ts";
import { drawTalkers } from "./draw_talkers.ts";
import { drawTunnels } from "./draw_tunnels.ts";
import type { Frame } from "./frame.ts";
import { TABLE_LINES } from "./table.ts";
import type { Panel } from "./view.ts";

/** Lines below the panel. */
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

/** What the last line offers, by panel. */
const FOOTERS: Readonly<Record<Panel, string>> = {
  tunnels:
    "/ filter  s sort  r reverse  k kill  t talkers  e errors  p pause  ? help  q quit",
  details: "k kill  b ban  Esc back  ? help  q quit",
  talkers:
    "Tab who  s order  [ ] time  Enter filter  Esc back  p pause  ? help  q quit",
  errors: "[ ] time  Up Down scroll  Esc back  p pause  ? help  q quit",
  help: "Esc back  q quit",
};

/**
 * Draws a screen.
 *
 * @param frame What to draw. The selections of its view are made visible.
 * @returns As many lines as there are rows, without line ends; none has more
 *   columns than the terminal.
 */
export function draw(frame: Frame): string[] {
  const { columns, rows } = frame.size;
  const height = Math.max(0, rows - HEADER_LINES - FOOTER_LINES);
  fit(frame, height);
  const panel = DRAWERS[frame.view.panel](frame, height).slice(0, height);
  const empty = Array.from({ length: height - panel.length }, () => "");
  return [...drawHeader(frame), ...panel, ...empty, drawFooter(frame)]
    .slice(-rows)
    .map((line) => columns > 0 ? line : "");
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

function drawFooter({ isStyled, size, view }: Frame): string {
  const { columns } = size;
  const { notice, panel, question } = view;
  if (question?.is === "filter") {
    const fault = notice === "" ? "" : `  ${notice}`;
    const room = Math.max(10, columns - widthOf(fault));
    const typed = `Filter: ${lastPart(question.text, room - 12)}_`;
    return clip(typed + fault, columns);
  }
  if (question?.is === "change") {
    const ask = " y/n";
    const text = clip(question.text, Math.max(0, columns - ask.length));
    return styled(clip(text + ask, columns), "warning", isStyled);
  }
  if (notice !== "") return styled(clip(notice, columns), "warning", isStyled);
  return styled(clip(FOOTERS[panel], columns), "faint", isStyled);
}

/** The end of what is typed, as far as there is room for it. */
function lastPart(text: string, columns: number): string {
  let part = text;
  while (widthOf(part) > Math.max(0, columns)) part = part.slice(1);
  return part;
}
