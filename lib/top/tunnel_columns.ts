/**
 * The columns of the table of tunnels.
 *
 * @module
 */

import { hostOf } from "../admin/filter.ts";
import { formatElapsed, NOTHING } from "../admin/client/format.ts";
import { formatBytes } from "../observe/format_bytes.ts";
import { targetOf } from "../admin/client/row_values.ts";
import type { Side } from "./fill_cell.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import type { SortName } from "./sorts.ts";

/** A column and its layout. */
export interface TopColumn {
  /** Name of the order by this column. */
  readonly sort: SortName;
  /** Its title. */
  readonly title: string;
  /** Width, in columns of the terminal. */
  readonly width: number;
  /** Alignment of its text. */
  readonly side: Side;
  /** Its text, which may come from the network. */
  readonly text: (tunnel: PicturedTunnel) => string;
}

/** Gap between two columns of the table. */
export const GAP = 1;

/** From this width on, the table shows the state. */
const WIDE = 110;

/**
 * Least and most columns, and the share of the space that fixed columns leave.
 */
interface Share {
  least: number;
  most: number;
  share: number;
}

const SHARES = {
  user: { least: 8, most: 20, share: 0.16 },
  client: { least: 15, most: 28, share: 0.3 },
  rule: { least: 7, most: 24, share: 0.16 },
} as const satisfies Record<string, Share>;

/**
 * Least columns of the target; narrower terminals cut the table on the right.
 */
const LEAST_TARGET = 12;

/**
 * Lays the table out.
 *
 * @param width Columns for the whole table.
 */
export function tunnelColumns(width: number): TopColumn[] {
  const numbers: TopColumn[] = [
    number("up", "UP/s", 6, ({ up }) => rate(up)),
    number("down", "DOWN/s", 7, ({ down }) => rate(down)),
    number(
      "total",
      "TOTAL",
      6,
      (tunnel) => formatBytes(tunnel.sent + tunnel.received),
    ),
    number("age", "AGE", 7, ({ ageMs }) => formatElapsed(ageMs)),
  ];
  const state: TopColumn[] = width < WIDE
    ? []
    : [text("state", "STATE", 11, (it) => shownState(it))];
  const fixed = [...state, ...numbers]
    .reduce((sum, column) => sum + column.width + GAP, 0);
  const room = width - fixed - 3 * GAP;
  const [user, client, rule] = [
    part(room, SHARES.user),
    part(room, SHARES.client),
    part(room, SHARES.rule),
  ] as const;
  const target = Math.max(LEAST_TARGET, room - user - client - rule);
  return [
    text("user", "USER", user, ({ tunnel }) => tunnel.user ?? NOTHING),
    text(
      "client",
      "CLIENT",
      client,
      ({ tunnel }) => shortClient(tunnel.client, client),
    ),
    text("target", "TARGET", target, ({ tunnel }) => targetOf(tunnel)),
    text("rule", "RULE", rule, ({ tunnel }) => tunnel.rule ?? NOTHING),
    ...state,
    ...numbers,
  ];
}

/** The state of a tunnel, which may have ended since the picture was taken. */
function shownState({ row, tunnel }: PicturedTunnel): string {
  return row.isGone ? "ended" : tunnel.state;
}

/** If space is short, the port is the part of a client that matters least. */
function shortClient(client: string, width: number): string {
  return client.length > width ? hostOf(client) : client;
}

function rate(bytesPerSecond: number): string {
  return bytesPerSecond < 1 ? NOTHING : formatBytes(bytesPerSecond);
}

function part(room: number, { least, most, share }: Share): number {
  return Math.min(most, Math.max(least, Math.round(room * share)));
}

function text(
  sort: SortName,
  title: string,
  width: number,
  text: TopColumn["text"],
): TopColumn {
  return { sort, title, width, side: "left", text };
}

function number(...column: Parameters<typeof text>): TopColumn {
  return { ...text(...column), side: "right" };
}
