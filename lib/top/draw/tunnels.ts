/**
 * Draws the table of tunnels.
 *
 * @module
 */

import { formatCount } from "../../admin/client/format.ts";
import { fillCell } from "../fill_cell.ts";
import type { Frame } from "../frame.ts";
import type { PicturedTunnel } from "../pictured_tunnel.ts";
import { SORTS } from "../sorts.ts";
import { drawTable, MARK } from "../table.ts";
import { GAP, type TopColumn, tunnelColumns } from "../tunnel_columns.ts";

/**
 * Draws the table.
 *
 * @param height Lines of the table.
 */
export function drawTunnels(frame: Frame, height: number): string[] {
  const { picture, size, view } = frame;
  const columns = tunnelColumns(size.columns - MARK.length);
  const headings = columns.map(({ side, sort, title, width }) =>
    fillCell(sort === view.sort ? title + arrow(frame) : title, width, side)
  );
  return drawTable(frame, height, {
    title: describeTable(frame),
    headings: headings.join(" ".repeat(GAP)),
    items: picture.tunnels,
    cursor: view.tunnels,
    textOf: (tunnel) => cellsOf(tunnel, columns).join(" ".repeat(GAP)),
    isFaint: ({ row }) => row.isGone,
    none: describeNone(frame),
  });
}

/** Draws the titles and all tunnels, without a selection. */
export function tunnelLines(frame: Frame): string[] {
  const columns = tunnelColumns(frame.size.columns);
  const lines = [
    columns.map(({ side, title, width }) => fillCell(title, width, side)),
    ...frame.picture.tunnels.map((tunnel) => cellsOf(tunnel, columns)),
  ];
  return lines.map((cells) => cells.join(" ".repeat(GAP)).trimEnd());
}

/** For example `Tunnels: 12 of 1,204, filter user:alice, by rate`. */
function describeTable({ picture, view }: Frame): string {
  const { open, tunnels } = picture;
  const count = view.filter === ""
    ? formatCount(open)
    : `${formatCount(tunnels.length)} of ${formatCount(open)}`;
  const filter = view.filter === "" ? "" : `, filter ${view.filter}`;
  const order = view.isReversed ? ", reversed" : "";
  return `Tunnels: ${count}${filter}, by ${view.sort}${order}`;
}

function arrow({ view }: Frame): string {
  const isDown = (SORTS[view.sort].direction === -1) !== view.isReversed;
  return isDown ? "v" : "^";
}

function describeNone({ picture, view }: Frame): string {
  if (picture.status === undefined) return "";
  return view.filter === ""
    ? "  No tunnels are open."
    : "  No open tunnel matches the filter; / changes it, Esc removes it.";
}

function cellsOf(
  tunnel: PicturedTunnel,
  columns: readonly TopColumn[],
): string[] {
  return columns.map(({ side, text, width }) =>
    fillCell(text(tunnel), width, side)
  );
}
