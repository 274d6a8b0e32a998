/**
 * What each key does.
 *
 * @module
 */

import { DIMENSIONS } from "../admin/client/dimensions.ts";
import { formatKeyTerm, hostOf } from "../admin/filter.ts";
import { formatNumberOf } from "../admin/client/format.ts";
import { targetOf } from "../admin/client/row_values.ts";
import { DRAW, type KeyResult, LOOK } from "./key_result.ts";
import type { KeyName } from "./keys.ts";
import type { Picture } from "./picture.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { pressInQuestion } from "./press_question.ts";
import { SORT_NAMES } from "./sorts.ts";
import { ORDERS, type Panel, RANGE_NAMES, type View } from "./view.ts";

const ASK: KeyResult = { is: "ask" };

/** Duration of a ban. */
const BAN = "1h";

type KeyEffect = (view: View, picture: Picture) => KeyResult;

/** Keys that work on every panel unless a question is open. */
const COMMON: Readonly<Record<KeyName, KeyEffect>> = {
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

const RANGES: Readonly<Record<KeyName, KeyEffect>> = {
  "[": (view) => changeRange(view, -1),
  "]": (view) => changeRange(view, 1),
};

/** Keys that work on one panel. */
const PANELS: Readonly<Record<Panel, Readonly<Record<KeyName, KeyEffect>>>> = {
  tunnels: {
    "s": (view) => sortBy(view, 1),
    "S": (view) => sortBy(view, -1),
    "r": reverse,
    "enter": showDetails,
    "k": (view) => askKill(view, view.tunnels.item),
    "K": askKillAll,
    "b": (view) => askBan(view, view.tunnels.item),
  },
  details: {
    "k": (view) => askKill(view, view.details),
    "b": (view) => askBan(view, view.details),
    "enter": goBack,
  },
  talkers: {
    ...RANGES,
    "tab": (view) => changeDimension(view, 1),
    "shift-tab": (view) => changeDimension(view, -1),
    "s": changeOrder,
    "enter": filterByTalker,
  },
  errors: RANGES,
  help: {},
};

/**
 * Applies a key.
 *
 * @param view The view; the key changes it.
 * @param picture What the person sees.
 */
export function press(view: View, key: KeyName, picture: Picture): KeyResult {
  if (key === "ctrl-c") return { is: "quit" };
  view.notice = "";
  if (view.question !== undefined) return pressInQuestion(view, key);
  const { panel } = view;
  const isList = panel === "tunnels" || panel === "talkers" ||
    panel === "errors";
  if (isList && view[panel].press(key)) return DRAW;
  const effect = own(PANELS[panel], key) ?? own(COMMON, key);
  return effect?.(view, picture) ?? DRAW;
}

function own<T>(
  table: Readonly<Record<string, T>>,
  key: KeyName,
): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function pause(view: View): KeyResult {
  view.isPaused = !view.isPaused;
  return view.isPaused ? DRAW : LOOK;
}

function toggle(view: View, panel: Panel): KeyResult {
  view.panel = view.panel === panel ? "tunnels" : panel;
  return ASK;
}

function goBack(view: View): KeyResult {
  if (view.panel === "tunnels") view.filter = "";
  view.panel = "tunnels";
  return LOOK;
}

function askFilter(view: View): KeyResult {
  view.panel = "tunnels";
  const { filter } = view;
  view.question = { is: "filter", text: filter, before: filter };
  return DRAW;
}

function sortBy(view: View, step: 1 | -1): KeyResult {
  view.sort = next(SORT_NAMES, view.sort, step);
  view.isReversed = false;
  view.tunnels.reset();
  return LOOK;
}

function reverse(view: View): KeyResult {
  view.isReversed = !view.isReversed;
  view.tunnels.reset();
  return LOOK;
}

function showDetails(view: View): KeyResult {
  view.details = view.tunnels.item;
  if (view.details === undefined) return DRAW;
  view.panel = "details";
  return LOOK;
}

function askKill(view: View, tunnel: PicturedTunnel | undefined): KeyResult {
  if (tunnel === undefined) return DRAW;
  const { id, user } = tunnel.tunnel;
  if (tunnel.row.isGone) {
    view.notice = `Tunnel ${id} has ended`;
    return DRAW;
  }
  const who = user === undefined ? "" : ` of ${user}`;
  view.question = {
    is: "change",
    call: `DELETE /api/tunnels/${id}`,
    text: `End tunnel ${id}${who} to ${targetOf(tunnel.tunnel)}?`,
  };
  return DRAW;
}

function askKillAll(view: View, { tunnels }: Picture): KeyResult {
  const { filter } = view;
  const count = tunnels.filter(({ row }) => !row.isGone).length;
  if (filter === "") {
    view.notice = "K ends all tunnels that match a filter; press / to type one";
  } else if (count === 0) {
    view.notice = "No open tunnel matches the filter";
  } else {
    const query = new URLSearchParams({ filter, expect: String(count) });
    view.question = {
      is: "change",
      call: `DELETE /api/tunnels?${query}`,
      text: `End ${formatNumberOf(count, "tunnel")} with ${filter}?`,
    };
  }
  return DRAW;
}

function askBan(view: View, tunnel: PicturedTunnel | undefined): KeyResult {
  if (tunnel === undefined) return DRAW;
  const client = hostOf(tunnel.tunnel.client);
  const query = new URLSearchParams({ client, for: BAN });
  view.question = {
    is: "change",
    call: `POST /api/bans?${query}`,
    text: `Ban ${client} for ${BAN} and end its tunnels?`,
  };
  return DRAW;
}

function changeRange(view: View, step: 1 | -1): KeyResult {
  view.range = next(RANGE_NAMES, view.range, step);
  return ASK;
}

function changeDimension(view: View, step: 1 | -1): KeyResult {
  view.dimension = next(DIMENSIONS, view.dimension, step);
  view.talkers.reset();
  return ASK;
}

function changeOrder(view: View): KeyResult {
  view.order = next(ORDERS, view.order, 1);
  view.talkers.reset();
  return ASK;
}

function filterByTalker(view: View): KeyResult {
  const talker = view.talkers.item;
  if (talker === undefined) return DRAW;
  view.filter = formatKeyTerm(view.dimension, talker.key);
  view.panel = "tunnels";
  view.tunnels.reset();
  return LOOK;
}

/** The next or previous value; the ends join. */
function next<T>(all: readonly T[], one: T, step: 1 | -1): T {
  return all[(all.indexOf(one) + step + all.length) % all.length]!;
}
