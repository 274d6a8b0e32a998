/**
 * The pools of relays.
 *
 * @module
 */

import type { PoolStatus } from "../../api.ts";
import { make, setAttribute, textOf } from "../base/element.ts";
import { formatCount, formatShare, NOTHING } from "../../client/format.ts";
import { cell, rowHeading } from "./cells.ts";
import { ShortTable } from "./short_table.ts";

/** Creates an empty table. */
export function poolTable(): ShortTable<PoolStatus> {
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

function describePool({ evicted, listener, upstream }: PoolStatus): string {
  const reasons = Object.entries(evicted).filter(([, count]) => count > 0)
    .map(([why, count]) => `${why} ${formatCount(count)}`).join(", ");
  return `${upstream}, from ${listener}; discarded: ${reasons || "none"}`;
}

function shareOfHits({ hits, misses }: PoolStatus): string {
  const taken = hits + misses;
  return taken === 0 ? NOTHING : formatShare(hits / taken);
}
