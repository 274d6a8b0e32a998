/**
 * The orders in which tunnels can be sorted.
 *
 * @module
 */

import type { SortDirection, SortValue } from "../admin/client/order.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";

/** An order of tunnels. */
export interface Sort {
  /** The usual direction. */
  readonly direction: SortDirection;
  /** Returns the sort key. */
  readonly valueOf: (tunnel: PicturedTunnel) => SortValue;
}

/** The name of an order. */
export type SortName = typeof SORT_NAMES[number];

/** The names of the orders, in the sequence of the key `s`. */
export const SORT_NAMES = [
  "rate",
  "up",
  "down",
  "total",
  "age",
  "user",
  "client",
  "target",
  "rule",
  "state",
] as const;

/** The orders by name. */
export const SORTS: Readonly<Record<SortName, Sort>> = {
  rate: { direction: -1, valueOf: ({ down, up }) => up + down },
  up: { direction: -1, valueOf: ({ up }) => up },
  down: { direction: -1, valueOf: ({ down }) => down },
  total: { direction: -1, valueOf: ({ received, sent }) => sent + received },
  age: { direction: -1, valueOf: ({ ageMs }) => ageMs },
  user: byText("user"),
  client: byText("client"),
  target: byText("target"),
  rule: byText("rule"),
  state: { direction: 1, valueOf: ({ tunnel }) => tunnel.state },
};

function byText(name: "user" | "client" | "target" | "rule"): Sort {
  return {
    direction: 1,
    valueOf: ({ row, tunnel }) => row.sortKey(name, tunnel[name]),
  };
}
