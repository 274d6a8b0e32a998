/**
 * What each key does.
 *
 * @module
 */

import { formatNumberOf } from "../admin/page/base/format.ts";
import { targetOf } from "../admin/page/tunnels/row_values.ts";
import type { Key } from "./keys.ts";
import type { Picture } from "./picture.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { pressInQuestion } from "./press_question.ts";
import { SORT_NAMES } from "./sorts.ts";
import type { Panel, View } from "./view.ts";

/** What follows from a key, besides a new drawing. */
export type Action =
  /** Nothing. */
  | { readonly is: "draw" }
  /** Another picture is needed, also during a pause. */
  | { readonly is: "look" }
  /** Everything is to be drawn again. */
  | { readonly is: "redraw" }
  /** The program is to stop until the shell continues it. */
  | { readonly is: "stop" }
  /** The program is to end. */
  | { readonly is: "quit" }
  /** Tunnels are to be ended. */
  | { readonly is: "kill"; readonly ids: readonly number[] };

const DRAW: Action = { is: "draw" };
const LOOK: Action = { is: "look" };

/** Keys that work on every panel, while no question is open. */
const COMMON: Readonly<Record<Key, (view: View) => Action>> = {
  "q": () => ({ is: "quit" }),
  "ctrl-z": () => ({ is: "stop" }),
  "ctrl-l": () => ({ is: "redraw" }),
  "p": pause,
  " ": pause,
  "t": (view) => toggle(view, "talkers"),
  "e": (view) => toggle(view, "errors"),
  "?": (view) => toggle(view, "help"),
  "h": (view) => toggle(view, "help"),
  "escape": goBack,
  "/": askFilter,
};

/** Keys of the table of tunnels. */
const TUNNELS: Readonly<
  Record<Key, (view: View, picture: Picture) => Action>
> = {
  "s": (view) => sortBy(view, 1),
  "S": (view) => sortBy(view, -1),
  "r": (view) => {
    view.isReversed = !view.isReversed;
    view.tunnels.reset();
    return LOOK;
  },
  "enter": showDetails,
  "k": (view) => askKill(view, view.tunnels.item),
  "K": askKillAll,
};

/**
 * Applies a key.
 *
 * @param view Changed by the key.
 * @param key The key.
 * @param picture What the person sees.
 * @returns What follows.
 */
export function press(view: View, key: Key, picture: Picture): Action {
  if (key === "ctrl-c") return { is: "quit" };
  view.notice = "";
  if (view.question !== undefined) return pressInQuestion(view, key);
  if (view.panel === "tunnels") {
    if (view.tunnels.press(key)) return DRAW;
    const act = own(TUNNELS, key);
    if (act !== undefined) return act(view, picture);
  }
  if (view.panel === "details" && key === "k") {
    return askKill(view, view.details);
  }
  return own(COMMON, key)?.(view) ?? DRAW;
}

function own<T>(table: Readonly<Record<string, T>>, key: Key): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function pause(view: View): Action {
  view.isPaused = !view.isPaused;
  return view.isPaused ? DRAW : LOOK;
}

function toggle(view: View, panel: Panel): Action {
  view.panel = view.panel === panel ? "tunnels" : panel;
  return LOOK;
}

function goBack(view: View): Action {
  if (view.panel === "tunnels") view.filter = "";
  view.panel = "tunnels";
  return LOOK;
}

function askFilter(view: View): Action {
  view.panel = "tunnels";
  const { filter } = view;
  view.question = { is: "filter", text: filter, before: filter };
  return DRAW;
}

function sortBy(view: View, step: 1 | -1): Action {
  const { length } = SORT_NAMES;
  const next = (SORT_NAMES.indexOf(view.sort) + step + length) % length;
  view.sort = SORT_NAMES[next]!;
  view.isReversed = false;
  view.tunnels.reset();
  return LOOK;
}

function showDetails(view: View): Action {
  view.details = view.tunnels.item;
  if (view.details === undefined) return DRAW;
  view.panel = "details";
  return LOOK;
}

function askKill(view: View, tunnel: PicturedTunnel | undefined): Action {
  if (tunnel === undefined) return DRAW;
  const { id, user } = tunnel.tunnel;
  if (tunnel.row.isGone) {
    view.notice = `Tunnel ${id} has ended`;
    return DRAW;
  }
  const who = user === undefined ? "" : ` of ${user}`;
  const text = `End tunnel ${id}${who} to ${targetOf(tunnel.tunnel)}?`;
  view.question = { is: "kill", ids: [id], text };
  return DRAW;
}

function askKillAll(view: View, { tunnels }: Picture): Action {
  const ids = tunnels.filter(({ row }) => !row.isGone)
    .map(({ tunnel }) => tunnel.id);
  if (view.filter === "") {
    view.notice = "K ends what a filter matches; type one with /";
  } else if (ids.length === 0) {
    view.notice = "No open tunnel matches the filter";
  } else {
    const count = formatNumberOf(ids.length, "tunnel");
    const text = `End ${count} that match ${view.filter}?`;
    view.question = { is: "kill", ids, text };
  }
  return DRAW;
}
