/**
 * Describes one tunnel with all known facts.
 *
 * @module
 */

import type { ClosedTunnel, Tunnel } from "../../api.ts";
import { rateOf, targetOf } from "./row_values.ts";
import type { Fact } from "../base/fact.ts";
import {
  formatElapsed,
  formatLasted,
  formatRate,
  formatSize,
  formatTime,
  NOTHING,
} from "../base/format.ts";
import type { Row } from "./row.ts";
import type { TunnelList } from "./tunnel_list.ts";

/** Describes an open tunnel; changing values are read again. */
export function describeOpen(row: Row, list: TunnelList): Fact[] {
  const age = () => formatElapsed(Date.now() - row.startedAt);
  return [
    ...describe(() => row.tunnel),
    ["State", () => row.isGone ? "ended" : row.tunnel.state],
    ["Age", age],
    ["Rate", () => formatRate(row.isGone ? 0 : rateOf(row, list.tick))],
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

function describe(tunnel: () => Tunnel): Fact[] {
  return [
    ["Client", () => tunnel().client],
    ["User", () => tunnel().user ?? NOTHING],
    ["Target", () => targetOf(tunnel())],
    ["Address", () => tunnel().address ?? NOTHING],
    ["Through", () => tunnel().via ?? NOTHING],
    ["Protocol", () => tunnel().protocol || NOTHING],
    ["Rule", () => tunnel().rule ?? NOTHING],
    ["Name seen", () => tunnel().name ?? NOTHING],
    ["Would deny", () => tunnel().wouldDeny ?? NOTHING],
    ["Listener", () => `${tunnel().listener} (${tunnel().kind})`],
    ["Started", () => formatTime(tunnel().startedAt)],
    ["Up", () => formatSize(tunnel().sent)],
    ["Down", () => formatSize(tunnel().received)],
  ];
}
