/**
 * The API's answers about the last minutes, hour or day.
 *
 * @module
 */

import { describeCode } from "../../observe/connection_code.ts";
import type { ConnectionResult } from "../../observe/log_event.ts";
import type { FailuresAnswer, HistoryAnswer, TalkersAnswer } from "../api.ts";
import type { ParametersOf } from "../endpoints.ts";
import type { BlockSum } from "./blocks.ts";
import type { Collector } from "./collector.ts";
import { type RangeName, RANGES } from "../client/ranges.ts";
import type { Ranking } from "./event_sum.ts";
import type { TimeHistogram } from "./time_histogram.ts";

/** Most rows of each list of failures. */
const MOST_ROWS = 100;

/** Answers questions about a range. */
export class DayReport {
  readonly #collector: Pick<Collector, "blocks" | "history">;
  readonly #startedAt = Math.round(performance.timeOrigin);

  /** Creates a report of a collector's data. */
  constructor(collector: Pick<Collector, "blocks" | "history">) {
    this.#collector = collector;
  }

  /** The figures by time. */
  history({ range }: { range: RangeName }): HistoryAnswer {
    const { history } = this.#collector;
    const isLong = range === "24h";
    const to = Date.now();
    const since = to - RANGES[range];
    return {
      range,
      from: Math.max(since, this.#startedAt),
      to,
      stepMs: isLong ? history.longStep : history.step,
      startedAt: this.#startedAt,
      ...isLong ? history.day(since) : history.hour(since),
    };
  }

  /** The top talkers. */
  talkers(
    { by, limit, order, range }: ParametersOf<"GET /api/talkers">,
  ): TalkersAnswer {
    const sum = this.#sum(range);
    return {
      ...spanOf(range, sum),
      bytes: sum.bytes,
      connections: sum.connections,
      talkers: sum.rankings[by].top(order, limit),
    };
  }

  /** The failures and refusals. */
  failures({ range }: { range: RangeName }): FailuresAnswer {
    const sum = this.#sum(range);
    const { results } = sum;
    const ended = Object.values(results).reduce((all, count) => all + count, 0);
    const wrong = results.refused + results.failed;
    const rows = (ranking: Ranking) =>
      sum.rankings[ranking].top("connections", MOST_ROWS).map((
        { connections: count, connectionsError: error, key },
      ) => ({ key, count, error }));
    return {
      ...spanOf(range, sum),
      ended,
      results: { ...results },
      share: ended === 0 ? 0 : Number((wrong / ended).toFixed(4)),
      dial: timesOf(sum.dial),
      resolve: timesOf(sum.resolve),
      reasons: rows("reason").map(({ key, ...row }) => {
        const [result = "", code = ""] = key.split(" ");
        const text = describeCode(code);
        return { result: result as ConnectionResult, code, text, ...row };
      }),
      rules: rows("refusing").map(({ key: rule, ...row }) => ({
        rule,
        ...row,
      })),
      targets: rows("missed")
        .map(({ key: target, ...row }) => ({ target, ...row })),
    };
  }

  #sum(range: RangeName): BlockSum {
    return this.#collector.blocks.sum(RANGES[range], Date.now());
  }
}

function spanOf(
  range: RangeName,
  { from, to }: BlockSum,
): Pick<TalkersAnswer, "range" | "from" | "to"> {
  return { range, from, to };
}

function timesOf(times: TimeHistogram): FailuresAnswer["dial"] {
  return {
    count: times.total,
    p50: times.quantile(0.5),
    p95: times.quantile(0.95),
  };
}
