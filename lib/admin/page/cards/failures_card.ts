/**
 * The card "What goes wrong": the share of failures, reasons, refusing rules
 * and failing targets.
 *
 * @module
 */

import type { FailuresAnswer } from "../../api.ts";
import { formatKeyTerm, formatTerm } from "../../filter.ts";
import { byId, setText } from "../base/element.ts";
import {
  formatCount,
  formatLatency,
  formatShare,
} from "../../client/format.ts";
import { barCell, buttonHeading, cell } from "./cells.ts";
import { ShortTable } from "./short_table.ts";

/** A line: its name, its count, and the filter for its tunnels. */
interface Cause {
  text: string;
  filter: string;
  count: number;
  error: number;
  /** Length of the bar, as a share of the largest count. */
  share: number;
}

/** Names of refusals that do not come from an operator's rule. */
const RULES = new Map([
  ["default", "The default: no rule allows it"],
  ["guard", "The address guard"],
  ["name-mismatch", "The name check"],
]);

/** Rows of each table. */
const MOST = 6;

/** The card. */
export class FailuresCard {
  readonly #reasons: ShortTable<Cause>;
  readonly #rules: ShortTable<Cause>;
  readonly #targets: ShortTable<Cause>;

  /**
   * Connects the elements.
   *
   * @param onFilter Called with the filter of ended tunnels for a chosen line.
   */
  constructor(onFilter: (filter: string) => void) {
    this.#reasons = causeTable("reasons", onFilter);
    this.#rules = causeTable("refusing-rules", onFilter);
    this.#targets = causeTable("failing-targets", onFilter);
  }

  /** Shows the failures of a range. */
  show(
    { dial, ended, reasons, resolve, results, rules, share, targets }:
      FailuresAnswer,
  ): void {
    const bad = results.refused + results.failed;
    const panel = byId("failures", HTMLElement);
    panel.dataset["empty"] = reasons.length === 0 ? "none" : "";
    setText(
      byId("failures-share", HTMLElement),
      ended === 0 ? formatShare(0) : formatShare(share),
    );
    setText(
      byId("failures-of", HTMLElement),
      `${formatCount(bad)} of ${formatCount(ended)} ended`,
    );
    showLatency("dial", dial);
    showLatency("resolve", resolve);
    this.#reasons.show(causes(reasons, ({ code, result, text }) => ({
      text,
      filter: `${formatTerm("code", code)} result:${result}`,
    })));
    this.#rules.show(causes(rules, ({ rule }) => ({
      text: RULES.get(rule) ?? rule,
      filter: `${formatKeyTerm("rule", rule)} result:refused`,
    })));
    this.#targets.show(causes(targets, ({ target }) => ({
      text: target,
      filter: `${formatKeyTerm("target", target)} result:failed`,
    })));
  }
}

function causes<T extends { count: number; error: number }>(
  items: readonly T[],
  describe: (item: T) => { text: string; filter: string },
): Cause[] {
  const most = items.reduce((top, { count }) => Math.max(top, count), 1);
  return items.map((item) => {
    const { count, error } = item;
    return { ...describe(item), count, error, share: count / most };
  });
}

function showLatency(
  name: string,
  { count, p50, p95 }: FailuresAnswer["dial"],
): void {
  setText(byId(`${name}-p50`, HTMLElement), formatLatency(p50));
  setText(
    byId(`${name}-p95`, HTMLElement),
    count === 0 ? "none measured" : `95 % within ${formatLatency(p95)}`,
  );
}

function causeTable(
  name: string,
  onFilter: (filter: string) => void,
): ShortTable<Cause> {
  return new ShortTable({
    name,
    most: MOST,
    keyOf: ({ filter }) => filter,
    createRow() {
      let shown: Cause;
      const [text, showText] = buttonHeading(() => onFilter(shown.filter));
      const [bar, showShare] = barCell();
      const [count, showCount] = cell("number");
      return {
        cells: [text, bar, count],
        show(cause) {
          shown = cause;
          const { count, error, share } = cause;
          showText(cause.text);
          showShare(share);
          const least = formatCount(count - error);
          showCount(
            error === 0 ? least : `${least} to ${formatCount(count)}`,
          );
        },
      };
    },
  });
}
