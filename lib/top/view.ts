/**
 * What a person looks at, and how.
 *
 * @module
 */

import type { ChangeCall } from "./key_result.ts";
import { ListCursor } from "./list_cursor.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { Scroll } from "./scroll.ts";
import type { SortName } from "./sorts.ts";
import type { TalkersAnswer } from "../admin/api.ts";
import { type RangeName, RANGES } from "../admin/record/ranges.ts";

/** One of those who use most. */
export type Talker = TalkersAnswer["talkers"][number];

/** What fills the middle of the screen. */
export type Panel = "tunnels" | "details" | "talkers" | "errors" | "help";

/** What talkers are. */
export const DIMENSIONS = ["user", "client", "target", "rule"] as const;

/** What talkers are ranked by. */
export const ORDERS = ["bytes", "connections"] as const;

/** The last 5 minutes, hour or day. */
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

/** What the last line asks for. */
export type Prompt =
  /** A filter is typed; `before` comes back with Escape. */
  | { readonly is: "filter"; readonly text: string; readonly before: string }
  /** Whether tunnels are to be ended. */
  | {
    readonly is: "change";
    readonly call: ChangeCall;
    readonly text: string;
  };

/** What a person looks at. */
export interface View {
  /** What fills the middle of the screen. */
  panel: Panel;
  /** Filter of the tunnels, as typed; it has no fault. */
  filter: string;
  /** What the tunnels are sorted by. */
  sort: SortName;
  /** Whether the order is the opposite of the usual one. */
  isReversed: boolean;
  /** Whether the picture stays as it is. */
  isPaused: boolean;
  /** What the last line asks for, if anything. */
  question: Prompt | undefined;
  /** What has just happened, or what is wrong; empty if nothing. */
  notice: string;
  /** The selected tunnel. */
  readonly tunnels: ListCursor<PicturedTunnel>;
  /** The tunnel of the details. */
  details: PicturedTunnel | undefined;
  /** The selected talker. */
  readonly talkers: ListCursor<Talker>;
  /** What talkers are. */
  dimension: typeof DIMENSIONS[number];
  /** What talkers are ranked by. */
  order: typeof ORDERS[number];
  /** Time that talkers and errors cover. */
  range: RangeName;
  /** The visible part of the errors. */
  readonly errors: Scroll;
}

/** What to look at first. */
export type FirstView = Pick<View, "filter" | "sort" | "isReversed">;

/** Looks at the tunnels. */
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
