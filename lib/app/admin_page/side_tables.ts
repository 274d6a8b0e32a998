/**
 * The short tables: refusals, pools and bans.
 *
 * @module
 */

import type { BanStatus, PoolStatus, RefusalCount } from "../admin_api.ts";
import { byId, make } from "./element.ts";
import { formatCount, formatCountdown, NOTHING } from "./format.ts";

/** Rows that are drawn; of more the rest is counted. */
const MOST_ROWS = 200;

/** Shows how often was refused, and why. */
export function showRefusals(refusals: readonly RefusalCount[]): void {
  const most = Math.max(1, ...refusals.map(({ count }) => count));
  const sum = refusals.reduce((total, { count }) => total + count, 0);
  fill("refusals", sum, refusals, ({ reason, count }) => {
    const bar = make("span", { className: "bar" });
    bar.style.inlineSize = `${100 * count / most}%`;
    return [
      rowHeading(reason),
      make("td", { className: "bar-cell" }, [bar]),
      number(formatCount(count)),
    ];
  });
}

/** Shows the pools of relays. */
export function showPools(pools: readonly PoolStatus[]): void {
  fill("pools", pools.length, pools, (pool) => {
    const badge = make("span", {
      className: "badge",
      text: pool.isUp ? "up" : "down",
      attributes: { "data-state": pool.isUp ? "ok" : "failed" },
    });
    const taken = pool.hits + pool.misses;
    const share = taken === 0
      ? NOTHING
      : `${Math.round(100 * pool.hits / taken)} %`;
    const evicted = Object.entries(pool.evicted)
      .map(([why, count]) => `${why} ${formatCount(count)}`).join(", ");
    const heading = rowHeading(pool.upstream);
    heading.title = `From ${pool.listener}; given up: ${evicted || "none"}`;
    return [
      heading,
      make("td", {}, [badge]),
      number(formatCount(pool.connections)),
      number(formatCount(pool.idle)),
      number(formatCount(pool.waiting)),
      number(share),
    ];
  });
}

/**
 * Shows who is banned.
 *
 * @param now Milliseconds since 1970 by the server's clock.
 * @param onLift Called for a ban that is to end.
 */
export function showBans(
  bans: readonly BanStatus[],
  now: number,
  onLift: (ban: BanStatus) => void,
): void {
  fill("bans", bans.length, bans, (ban) => {
    const lift = make("button", {
      className: "quiet",
      text: "Lift",
      attributes: {
        type: "button",
        "aria-label": `Lift the ban of ${ban.key}`,
        "data-focus": `ban ${ban.kind} ${ban.key}`,
      },
    });
    lift.addEventListener("click", () => onLift(ban));
    const left = Date.parse(ban.until) - now;
    return [
      rowHeading(ban.key),
      make("td", { text: ban.kind }),
      number(formatCount(ban.failures)),
      number(Number.isNaN(left) ? NOTHING : formatCountdown(left)),
      make("td", { className: "column-action" }, [lift]),
    ];
  });
}

function fill<T>(
  name: string,
  count: number,
  items: readonly T[],
  cellsOf: (item: T) => HTMLElement[],
): void {
  const body = byId(`${name}-rows`, HTMLElement);
  const focused = (document.activeElement as HTMLElement | null)
    ?.dataset["focus"];
  const rows = items.slice(0, MOST_ROWS)
    .map((item) => make("tr", {}, cellsOf(item)));
  const rest = items.length - rows.length;
  if (rest > 0) {
    const text = `and ${formatCount(rest)} more`;
    rows.push(make("tr", {}, [make("td", { text })]));
  }
  body.replaceChildren(...rows);
  // Who was at a button is there again.
  if (focused !== undefined) {
    [...body.querySelectorAll("button")]
      .find(({ dataset }) => dataset["focus"] === focused)?.focus();
  }
  byId(`${name}-count`, HTMLElement).textContent = count === 0
    ? ""
    : formatCount(count);
  byId(name, HTMLElement).dataset["empty"] = items.length === 0 ? "none" : "";
}

function rowHeading(text: string): HTMLTableCellElement {
  return make("th", { text, attributes: { scope: "row", title: text } });
}

function number(text: string): HTMLTableCellElement {
  return make("td", { className: "number", text });
}
