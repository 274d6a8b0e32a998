/**
 * What a person looks at, and how.
 *
 * @module
 */

import { ListCursor } from "./list_cursor.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import type { SortName } from "./sorts.ts";

/** What fills the middle of the screen. */
export type Panel = "tunnels" | "details" | "talkers" | "errors" | "help";

/** What the last line asks for. */
export type Question =
  /** A filter is typed; `before` comes back with Escape. */
  | { readonly is: "filter"; readonly text: string; readonly before: string }
  /** Whether tunnels are to be ended. */
  | {
    readonly is: "kill";
    readonly ids: readonly number[];
    readonly text: string;
  };

/** What a person looks at. */
export interface View {
  panel: Panel;
  /** Filter of the tunnels, as typed. */
  filter: string;
  sort: SortName;
  isReversed: boolean;
  /** Whether the picture stays as it is. */
  isPaused: boolean;
  question: Question | undefined;
  /** What has just happened, or what is wrong; empty if nothing. */
  notice: string;
  /** The selected tunnel. */
  readonly tunnels: ListCursor<PicturedTunnel>;
  /** The tunnel of the details. */
  details: PicturedTunnel | undefined;
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
  };
}
