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

/** The orders by name, in the sequence of the key `s`. */
export const SORTS = {
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
} satisfies Readonly<Record<string, Sort>>;

/** The name of an order. */
export type SortName = keyof typeof SORTS;

/** The names of the orders. */
export const SORT_NAMES = Object.keys(SORTS) as SortName[];

function byText(name: "user" | "client" | "target" | "rule"): Sort {
  return {
    direction: 1,
    valueOf: ({ row, tunnel }) => row.sortKey(name, tunnel[name]),
  };
}
