/**
 * The bans, with a button that lifts each.
 *
 * @module
 */

import type { BanStatus } from "../../api.ts";
import { make, setAttribute } from "../base/element.ts";
import { formatCount, formatCountdown, NOTHING } from "../../client/format.ts";
import { cell, rowHeading } from "./cells.ts";
import { ShortTable } from "./short_table.ts";

/** The table of bans. */
export class BanTable {
  readonly #table: ShortTable<BanStatus>;
  #bans: readonly BanStatus[] = [];
  #now = 0;

  /**
   * Creates an empty table.
   *
   * @param onLift Called for a ban to lift.
   */
  constructor(onLift: (ban: BanStatus) => void) {
    this.#table = banTable(onLift, () => this.#now);
  }

  /** Shows the bans. */
  show(bans: readonly BanStatus[]): void {
    this.#bans = bans;
    this.#table.show(bans);
  }

  /** Removes a lifted ban. */
  remove({ key, kind }: BanStatus): void {
    this.show(this.#bans.filter((ban) => ban.key !== key || ban.kind !== kind));
  }

  /**
   * Updates the remaining time of bans, and removes ended ones.
   *
   * @param now Milliseconds since 1970 by the server's clock.
   */
  passTime(now: number): void {
    this.#now = now;
    if (this.#bans.length === 0) return;
    this.show(this.#bans.filter(({ until }) => Date.parse(until) > now));
  }
}

/** Names a banned client or user: both may have the same name. */
export function nameOf({ key, kind }: BanStatus): string {
  return kind === "user" ? `user ${key}` : key;
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
      const [kind, showKind] = cell();
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
          // An operator's ban has none.
          showFailures(
            ban.failures === 0 ? NOTHING : formatCount(ban.failures),
          );
          const rest = Date.parse(ban.until) - now();
          showLeft(Number.isNaN(rest) ? NOTHING : formatCountdown(rest));
          setAttribute(lift, "aria-label", `Lift the ban of ${nameOf(ban)}`);
        },
      };
    },
  });
}
