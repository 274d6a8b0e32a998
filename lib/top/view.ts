/**
 * The state of the screen that keys change.
 *
 * @module
 */

import type { ChangeCall } from "./key_result.ts";
import { ListCursor } from "./list_cursor.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { Scroll } from "./scroll.ts";
import type { SortName } from "./sorts.ts";
import type { TalkersAnswer } from "../admin/api.ts";
import type { Dimension } from "../admin/client/dimensions.ts";
import { type RangeName, RANGES } from "../admin/client/ranges.ts";

/** A top talker. */
export type Talker = TalkersAnswer["talkers"][number];

/** The content of the middle of the screen. */
export type Panel = "tunnels" | "details" | "talkers" | "errors" | "help";

/** The ranking of talkers. */
export const ORDERS = ["bytes", "connections"] as const;

/** The last 5 minutes, hour or day. */
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

/** A question on the last line. */
export type Prompt =
  /** The person types a filter; Escape restores `before`. */
  | { readonly is: "filter"; readonly text: string; readonly before: string }
  /** Confirmation of a call that ends tunnels. */
  | {
    readonly is: "change";
    readonly call: ChangeCall;
    readonly text: string;
  };

/** The state of the screen that keys change. */
export interface View {
  /** The content of the middle of the screen. */
  panel: Panel;
  /** Valid filter of the tunnels, as typed. */
  filter: string;
  /** The order of the tunnels. */
  sort: SortName;
  /** Whether the order is reversed. */
  isReversed: boolean;
  /** Whether updates are paused. */
  isPaused: boolean;
  /** The open question, if any. */
  question: Prompt | undefined;
  /** A message about the last action or an error; empty if none. */
  notice: string;
  /** The selected tunnel. */
  readonly tunnels: ListCursor<PicturedTunnel>;
  /** The tunnel shown in the details. */
  details: PicturedTunnel | undefined;
  /** The selected talker. */
  readonly talkers: ListCursor<Talker>;
  /** The kinds of talkers. */
  dimension: Dimension;
  /** The ranking of talkers. */
  order: typeof ORDERS[number];
  /** Range of the talkers and errors. */
  range: RangeName;
  /** The visible part of the errors. */
  readonly errors: Scroll;
}

/** The initial filter and order. */
export type FirstView = Pick<View, "filter" | "sort" | "isReversed">;

/** Creates a view of the tunnels. */
export function openView(first: FirstView): View {
  return {
    panel: "tunnels",
    ...first,
    isPaused: false,
    question: undefined,
    notice: "",
    tunnels: new ListCursor(),
    details: undefined,
    talkers: new ListCursor(),
    dimension: "user",
    order: "bytes",
    range: "1h",
    errors: new Scroll(),
  };
}
