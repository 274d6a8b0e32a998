/**
 * Draws the top talkers.
 *
 * @module
 */

import type { TalkersAnswer } from "../../admin/api.ts";
import { formatCount, formatShare } from "../../admin/client/format.ts";
import { formatBytes } from "../../observe/format_bytes.ts";
import { drawLine } from "./line.ts";
import { fillCell } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";
import type { Talker } from "../view.ts";
import { drawTable, MARK } from "../table.ts";

/** Width of the figures, in columns. */
const WIDTH = { bytes: 17, connections: 19, share: 9 } as const;

/**
 * Draws the list.
 *
 * @param height Lines of the list.
 */
export function drawTalkers(frame: Frame, height: number): string[] {
  const { picture, size, view } = frame;
  const { answer, fault } = picture.talkers;
  const by = `by ${view.dimension}, ${view.order}, last ${view.range}`;
  const title = `Top talkers: ${by}`;
  if (answer === undefined) {
    return [title, fault === "" ? "  Asking…" : `  ${fault}`]
      .map((line) => drawLine(frame, line));
  }
  const figures = WIDTH.bytes + WIDTH.connections + WIDTH.share;
  const name = Math.max(8, size.columns - MARK.length - figures);
  return drawTable(frame, height, {
    title,
    headings: [
      fillCell(view.dimension.toUpperCase(), name),
      fillCell("BYTES", WIDTH.bytes, "right"),
      fillCell("CONNECTIONS", WIDTH.connections, "right"),
      fillCell("SHARE", WIDTH.share, "right"),
    ].join(""),
    items: answer.talkers,
    cursor: view.talkers,
    textOf: (talker) =>
      fillCell(talker.key, name) + figuresOf(talker, answer, frame),
    none: "  Nothing in this time.",
  });
}

/** Appends to a figure by how much it may be too large. */
function figuresOf(
  talker: Talker,
  all: TalkersAnswer,
  { view }: Frame,
): string {
  const { bytes, bytesError, connections, connectionsError } = talker;
  const part = talker[view.order] / Math.max(1, all[view.order]);
  return [
    fillCell(
      withError(formatBytes(bytes), bytesError, formatBytes),
      WIDTH.bytes,
      "right",
    ),
    fillCell(
      withError(formatCount(connections), connectionsError, formatCount),
      WIDTH.connections,
      "right",
    ),
    fillCell(formatShare(Math.min(1, part)), WIDTH.share, "right"),
  ].join("");
}

function withError(
  text: string,
  error: number,
  format: (value: number) => string,
): string {
  return error === 0 ? text : `${text} -${format(error)}`;
}
