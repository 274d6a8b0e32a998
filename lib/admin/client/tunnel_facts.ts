/**
 * Lists all known facts about a tunnel.
 *
 * @module
 */

import type { ClosedTunnel, Tunnel } from "../api.ts";
import { targetOf } from "./row_values.ts";
import {
  formatElapsed,
  formatLasted,
  formatRate,
  formatTime,
  NOTHING,
} from "./format.ts";
import { formatBytes } from "../../observe/format_bytes.ts";
import type { Row } from "./row.ts";
import type { TunnelList } from "./tunnel_list.ts";

/** A name and its current value. */
export type Fact = readonly [name: string, value: () => string];

/** Describes an open tunnel; each call of a value reads it again. */
export function describeOpen(row: Row, list: TunnelList): Fact[] {
  const age = () => formatElapsed(row.ageMs);
  return [
    ...describe(() => row.tunnel),
    ["State", () => row.isGone ? "ended" : row.tunnel.state],
    ["Age", age],
    ["Rate", () => describeRate(row, list.tick)],
  ];
}

/** Describes an ended tunnel. */
export function describeClosed(tunnel: ClosedTunnel): Fact[] {
  return [
    ...describe(() => tunnel),
    ["Ended", () => formatTime(tunnel.endedAt)],
    ["Lasted", () => formatLasted(tunnel.ageMs)],
    ["Result", () => tunnel.result],
    ["Closed first", () => tunnel.endedFirst ?? NOTHING],
    ["Why", () => tunnel.reason],
  ];
}

function describeRate({ isGone, rates }: Row, tick: number): string {
  const [down, up] = isGone
    ? [0, 0]
    : [rates?.down(tick) ?? 0, rates?.up(tick) ?? 0];
  return `${formatRate(down)} down, ${formatRate(up)} up`;
}

/** Facts that only few tunnels have appear only for these. */
function rare(
  tunnel: () => Tunnel,
  facts: readonly [name: string, field: "via" | "name" | "wouldDeny"][],
): Fact[] {
  return facts.filter(([, field]) => tunnel()[field] !== undefined)
    .map(([name, field]) => [name, () => tunnel()[field] ?? NOTHING]);
}

function describe(tunnel: () => Tunnel): Fact[] {
  return [
    ["Client", () => tunnel().client],
    ["User", () => tunnel().user ?? NOTHING],
    ["Target", () => targetOf(tunnel())],
    ["Address", () => tunnel().address ?? NOTHING],
    ["Protocol", () => tunnel().protocol || NOTHING],
    ["Rule", () => tunnel().rule ?? NOTHING],
    ...rare(tunnel, [
      ["Through", "via"],
      ["Name seen", "name"],
      ["Would deny", "wouldDeny"],
    ]),
    ["Listener", () => `${tunnel().listener} (${tunnel().kind})`],
    ["Started", () => formatTime(tunnel().startedAt)],
    ["Up", () => formatBytes(tunnel().sent)],
    ["Down", () => formatBytes(tunnel().received)],
  ];
}
