/**
 * The short tables: refusals, pools and bans.
 *
 * @module
 */

import type { BanStatus, PoolStatus, RefusalCount } from "../../api.ts";
import { make, setAttribute, textOf } from "../base/element.ts";
import { formatCount, formatCountdown, NOTHING } from "../base/format.ts";
import { ShortTable } from "./short_table.ts";

/** The three side tables. */
export class SideTables {
  readonly #refusals = refusalTable();
  readonly #pools = poolTable();
  readonly #bans: ShortTable<BanStatus>;
  #shownBans: readonly BanStatus[] = [];
  #now = 0;

  /**
   * Creates empty tables.
   *
   * @param onLift Called for a ban to lift.
   */
  constructor(onLift: (ban: BanStatus) => void) {
    this.#bans = banTable(onLift, () => this.#now);
  }

  /** Shows refusals by reason. */
  showRefusals(refusals: readonly RefusalCount[]): void {
    const most = Math.max(1, ...refusals.map(({ count }) => count));
    const sum = refusals.reduce((total, { count }) => total + count, 0);
    const items = refusals.map((one) => ({ ...one, share: one.count / most }));
    this.#refusals.show(items, sum);
  }

  /** Shows the pools of relays. */
  showPools(pools: readonly PoolStatus[]): void {
    this.#pools.show(pools);
  }

  /** Shows the bans. */
  showBans(bans: readonly BanStatus[]): void {
    this.#shownBans = bans;
    this.#bans.show(bans);
  }

  /** Removes a lifted ban. */
  removeBan({ key, kind }: BanStatus): void {
    this.showBans(
      this.#shownBans.filter((ban) => ban.key !== key || ban.kind !== kind),
    );
  }

  /**
   * Updates the remaining time of bans, and removes ended ones.
   *
   * @param now Milliseconds since 1970 by the server's clock.
   */
  passTime(now: number): void {
    this.#now = now;
    const isOver = ({ until }: BanStatus) => Date.parse(until) <= now;
    if (this.#shownBans.length === 0) return;
    this.showBans(this.#shownBans.filter((ban) => !isOver(ban)));
  }
}

function refusalTable(): ShortTable<RefusalCount & { share: number }> {
  return new ShortTable({
    name: "refusals",
    keyOf: ({ reason }) => reason,
    createRow() {
      const [reason, showReason] = rowHeading();
      const [count, showCount] = cell("number");
      const bar = make("span", { className: "bar" });
      return {
        cells: [reason, make("td", { className: "bar-cell" }, [bar]), count],
        show(item) {
          showReason(item.reason);
          showCount(formatCount(item.count));
          bar.style.inlineSize = `${100 * item.share}%`;
        },
      };
    },
  });
}

function poolTable(): ShortTable<PoolStatus> {
  return new ShortTable({
    name: "pools",
    keyOf: ({ listener, upstream }) => JSON.stringify([listener, upstream]),
    createRow() {
      const [upstream, showUpstream] = rowHeading();
      const badge = make("span", { className: "badge" });
      const showState = textOf(badge);
      const numbers = Array.from({ length: 4 }, () => cell("number"));
      return {
        cells: [
          upstream,
          make("td", {}, [badge]),
          ...numbers.map(([element]) => element),
        ],
        show(pool) {
          showUpstream(pool.upstream);
          setAttribute(upstream, "title", describePool(pool));
          showState(pool.isUp ? "up" : "down");
          setAttribute(badge, "data-state", pool.isUp ? "ok" : "failed");
          const { connections, idle, waiting } = pool;
          const texts = [connections, idle, waiting].map(formatCount);
          [...texts, shareOfHits(pool)]
            .forEach((text, n) => numbers[n]![1](text));
        },
      };
    },
  });
}

function banTable(
  onLift: (ban: BanStatus) => void,
  now: () => number,
): ShortTable<BanStatus> {
  return new ShortTable({
    name: "bans",
    keyOf: ({ kind, key }) => `${kind} ${key}`,
    createRow() {
      const [who, showWho] = rowHeading();
      const [kind, showKind] = cell("");
      const [failures, showFailures] = cell("number");
      const [left, showLeft] = cell("number");
      const lift = make("button", {
        className: "quiet",
        text: "Lift",
        attributes: { type: "button" },
      });
      let shown: BanStatus;
      lift.addEventListener("click", () => onLift(shown));
      return {
        cells: [
          ...[who, kind, failures, left],
          make("td", { className: "column-action" }, [lift]),
        ],
        show(ban) {
          shown = ban;
          showWho(ban.key);
          showKind(ban.kind);
          kind.className = `kind-${ban.kind}`;
          showFailures(formatCount(ban.failures));
          const rest = Date.parse(ban.until) - now();
          showLeft(Number.isNaN(rest) ? NOTHING : formatCountdown(rest));
          setAttribute(lift, "aria-label", `Lift the ban of ${nameOf(ban)}`);
        },
      };
    },
  });
}

/** Names a banned client or user: both may have the same name. */
export function nameOf({ key, kind }: BanStatus): string {
  return kind === "user" ? `user ${key}` : key;
}

function describePool({ evicted, listener, upstream }: PoolStatus): string {
  const reasons = Object.entries(evicted).filter(([, count]) => count > 0)
    .map(([why, count]) => `${why} ${formatCount(count)}`).join(", ");
  return `${upstream}, from ${listener}; given up: ${reasons || "none"}`;
}

function shareOfHits({ hits, misses }: PoolStatus): string {
  const taken = hits + misses;
  return taken === 0 ? NOTHING : `${Math.round(100 * hits / taken)} %`;
}

type Cell = [element: HTMLTableCellElement, show: (text: string) => void];

function cell(className: string): Cell {
  const made = make("td", className === "" ? {} : { className });
  return [made, textOf(made)];
}

function rowHeading(): Cell {
  const made = make("th", { attributes: { scope: "row" } });
  const show = textOf(made);
  return [made, (text) => {
    show(text);
    setAttribute(made, "title", text);
  }];
}
