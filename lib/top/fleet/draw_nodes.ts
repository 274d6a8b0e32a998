/**
 * The nodes of a fleet as lines of text.
 *
 * @module
 */

import type { FleetAnswer, NodeStatus } from "../../admin/api.ts";
import { countOf } from "../../observe/count_of.ts";
import { formatBytes } from "../../observe/format_bytes.ts";
import { formatDuration } from "../../observe/log_text.ts";
import { fillCell, type Side, widthOf } from "../fill_cell.ts";

/** A column. */
interface Column {
  title: string;
  side: Side;
  text: (node: NodeStatus, now: number) => string;
}

/** Shown for a value that a node does not report. */
const UNKNOWN = "-";

/** Most columns of a name; longer names are cut. */
const MOST_NAME = 24;

const COLUMNS: readonly Column[] = [
  { title: "NODE", side: "left", text: ({ node }) => node },
  { title: "STATE", side: "left", text: stateOf },
  { title: "VERSION", side: "left", text: ({ version }) => version },
  {
    title: "AGE",
    side: "right",
    text: ({ startedAt }, now) => formatDuration(now - Date.parse(startedAt)),
  },
  {
    title: "CPU",
    side: "right",
    text: ({ load }) => `${Math.round(load * 100)}%`,
  },
  { title: "OPEN", side: "right", text: ({ open }) => String(open) },
  { title: "UP/S", side: "right", text: ({ up }) => bytes(up) },
  { title: "DOWN/S", side: "right", text: ({ down }) => bytes(down) },
];

/**
 * Draws a fleet.
 *
 * @param fleet The answer of the API.
 * @param now Milliseconds since 1970.
 * @returns A line of totals, a heading and a line for each node.
 */
export function drawNodes({ nodes }: FleetAnswer, now: number): string[] {
  const rows = nodes.map((node) => COLUMNS.map(({ text }) => text(node, now)));
  const widths = COLUMNS.map(({ title }, index) =>
    Math.min(
      MOST_NAME,
      Math.max(title.length, ...rows.map((row) => widthOf(row[index]!))),
    )
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, index) =>
      fillCell(cell, widths[index]!, COLUMNS[index]!.side)
    ).join("  ").trimEnd();
  return [
    summaryOf(nodes),
    "",
    line(COLUMNS.map(({ title }) => title)),
    ...rows.map(line),
  ];
}

function summaryOf(nodes: readonly NodeStatus[]): string {
  const sum = (read: (node: NodeStatus) => number | undefined) =>
    nodes.reduce((sum, node) => sum + (node.isLost ? 0 : read(node) ?? 0), 0);
  const lost = nodes.filter(({ isLost }) => isLost).length;
  const draining = nodes.filter(({ isDraining }) => isDraining).length;
  return [
    countOf(nodes.length, "node"),
    ...lost > 0 ? [`${lost} lost`] : [],
    ...draining > 0 ? [`${draining} draining`] : [],
    `${sum(({ open }) => open)} open`,
    `${bytes(sum(({ up }) => up))}/s up`,
    `${bytes(sum(({ down }) => down))}/s down`,
  ].join(", ");
}

function stateOf(
  { isDraining, isLost, role, silentMs }: NodeStatus,
): string {
  if (isLost) return `lost ${formatDuration(silentMs)}`;
  if (isDraining) return "draining";
  return role === "observer" ? "observes" : "serves";
}

function bytes(count: number | undefined): string {
  return count === undefined ? UNKNOWN : formatBytes(count);
}
