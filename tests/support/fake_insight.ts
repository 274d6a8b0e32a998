/**
 * What an invented proxy remembers of the last day.
 *
 * @module
 */

import type {
  ClosedAnswer,
  FailuresAnswer,
  HistoryAnswer,
  HistoryPoint,
  TalkersAnswer,
  Tunnel,
} from "../../lib/admin/api.ts";
import { hostOf, matchesFilter, parseFilter } from "../../lib/admin/filter.ts";
import { RANGES } from "../../lib/admin/client/ranges.ts";
import { type FakeTraffic, HISTORY_STEP } from "./fake_traffic.ts";

/** The tunnels that match a filter. */
export function matching<T extends Tunnel>(
  tunnels: readonly T[],
  filter: string,
): T[] {
  const terms = parseFilter(filter);
  return tunnels.filter((tunnel) => matchesFilter(terms, tunnel));
}

/** `GET /api/history` */
export function answerHistory(
  { history, startedAt }: FakeTraffic,
  query: URLSearchParams,
): HistoryAnswer {
  const span = spanOf(query);
  const stepMs = span.range === "24h" ? 60_000 : HISTORY_STEP;
  const points = history.filter(({ at }) => at >= span.from)
    .filter((_, n) => n % (stepMs / HISTORY_STEP) === 0);
  const column = (name: keyof HistoryPoint) =>
    points.map((point) => point[name]);
  const names = Object.keys(history[0] ?? NO_POINT)
    .filter((name) => name !== "at") as (keyof HistoryAnswer["series"])[];
  return {
    ...span,
    ...{ stepMs, startedAt },
    at: points.map(({ at }) => at),
    series: Object.fromEntries(
      names.map((name) => [name, column(name)]),
    ) as HistoryAnswer["series"],
  };
}

/** `GET /api/talkers` */
export function answerTalkers(
  { closed, tunnels }: FakeTraffic,
  query: URLSearchParams,
): TalkersAnswer {
  const by = query.get("by") as "user" | "client" | "target" | "rule";
  const order = query.get("order") as "bytes" | "connections";
  const all = [...tunnels, ...closed];
  const found = new Map<string, { bytes: number; connections: number }>();
  for (const tunnel of all) {
    const value = tunnel[by];
    if (value === undefined) continue;
    const key = by === "client" ? hostOf(value) : value;
    const talker = found.get(key) ?? { bytes: 0, connections: 0 };
    talker.bytes += tunnel.sent + tunnel.received;
    talker.connections++;
    found.set(key, talker);
  }
  const talkers = [...found].map(([key, talker], n) => ({
    key,
    ...talker,
    // As if it had taken the place of another one.
    bytesError: n === 1 ? Math.floor(talker.bytes / 5) : 0,
    connectionsError: 0,
  })).sort((a, b) => b[order] - a[order]);
  return {
    ...spanOf(query),
    bytes: all.reduce((sum, one) => sum + one.sent + one.received, 0),
    connections: all.length,
    talkers: talkers.slice(0, Number(query.get("limit"))),
  };
}

/** `GET /api/failures` */
export function answerFailures(
  { closed }: FakeTraffic,
  query: URLSearchParams,
): FailuresAnswer {
  const of = (result: string) =>
    closed.filter((tunnel) => tunnel.result === result);
  const [failed, refused] = [of("failed"), of("refused")];
  const bad = failed.length + refused.length;
  const targets = Map.groupBy(failed, ({ target = "" }) => target);
  const frequency = (count: number) => ({ count, error: 0 });
  const reasons: FailuresAnswer["reasons"] = [
    {
      ...{ result: "failed", code: "dial-refused" },
      text: "The target refused the connection",
      ...frequency(failed.length),
    },
    {
      ...{ result: "refused", code: "rule" },
      text: "A rule forbids the target",
      ...frequency(refused.length),
    },
  ];
  return {
    ...spanOf(query),
    ended: closed.length,
    results: {
      ...{ ok: closed.length - bad, cut: 0, dropped: 0 },
      ...{ failed: failed.length, refused: refused.length },
    },
    share: closed.length === 0 ? 0 : bad / closed.length,
    dial: { count: closed.length, p50: 3.1, p95: 21 },
    resolve: { count: closed.length, p50: 1.2, p95: 8.8 },
    reasons: reasons.filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count),
    rules: refused.length === 0 ? [] : [
      { rule: "no mail", ...frequency(refused.length) },
      { rule: "guard", ...frequency(1) },
    ],
    targets: [...targets].map(([target, all]) => ({
      target,
      ...frequency(all.length),
    })).sort((a, b) => b.count - a.count),
  };
}

/** `GET /api/closed` */
export function answerClosed(
  { closed }: FakeTraffic,
  query: URLSearchParams,
): ClosedAnswer {
  const before = query.get("before");
  const found = matching(closed, query.get("filter") ?? "");
  const end = before === null ? found.length : parseInt(before);
  const begin = Math.max(0, end - Number(query.get("limit") ?? 500));
  return {
    closed: found.slice(begin, end),
    ...{ kept: closed.length, matching: found.length, silentWorkers: 0 },
    next: begin === 0 ? null : `${begin}-0-0`,
  };
}

const NO_POINT: HistoryPoint = {
  ...{ at: 0, up: 0, down: 0, opened: 0, ended: 0, failed: 0, refused: 0 },
  ...{ open: 0, dialP50: null, dialP95: null, resolveP50: null },
  ...{ resolveP95: null, memory: 0 },
};

function spanOf(
  query: URLSearchParams,
): Pick<HistoryAnswer, "range" | "from" | "to"> {
  const range = query.get("range") as keyof typeof RANGES;
  const to = Date.now();
  return { range, from: to - RANGES[range], to };
}
