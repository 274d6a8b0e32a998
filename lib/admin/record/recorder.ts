/**
 * Records the events of one thread between two questions: usage, times and
 * failures. Bytes cost nothing; a connection costs a few counts when it ends.
 *
 * @module
 */

import type { ConnectionResult } from "../../observe/log_event.ts";
import type { LiveConnection } from "../../serve/live_connection.ts";
import type { EndedConnection, Registry } from "../../serve/registry.ts";
import { hostOf } from "../filter.ts";
import { HeavyHitters, type HitterTable } from "./heavy_hitters.ts";
import { TimeHistogram } from "./time_histogram.ts";

/** Number of keys in each ranking. */
export const MOST_HITTERS = 1_000;

/** The dimensions of the rankings. */
export const RANKINGS = [
  "user",
  "client",
  "target",
  "rule",
  /** Results except `ok` with their code, such as `refused rule`. */
  "reason",
  /** Rules that refused. */
  "refusing",
  /** Targets that Sluice could not reach. */
  "missed",
] as const;

/** One of the rankings. */
export type Ranking = typeof RANKINGS[number];

/** Number of connections by result. */
export type Results = Record<ConnectionResult, number>;

/** The events since the last question. */
export interface Recorded {
  /** Connections and requests that ended. */
  readonly results: Results;
  /** Times of connects, counted by class. */
  readonly dial: Uint32Array;
  /** Times of lookups, counted by class. */
  readonly resolve: Uint32Array;
  /** Bytes both ways. */
  readonly bytes: number;
  /** Connections and requests that were ranked. */
  readonly connections: number;
  /** Rankings of users, clients, targets and rules. */
  readonly rankings: Readonly<Record<Ranking, HitterTable>>;
}

/** No results. */
export function noResults(): Results {
  return { ok: 0, cut: 0, refused: 0, failed: 0, dropped: 0 };
}

/** Makes one of each ranking. */
export function eachRanking<T>(
  make: (ranking: Ranking) => T,
): Record<Ranking, T> {
  return Object.fromEntries(
    RANKINGS.map((ranking) => [ranking, make(ranking)]),
  ) as Record<Ranking, T>;
}

/** The record in progress. */
interface Sheet {
  results: Results;
  dial: TimeHistogram;
  resolve: TimeHistogram;
  bytes: number;
  connections: number;
  rankings: Record<Ranking, HeavyHitters>;
}

/** Records events. */
export class Recorder {
  readonly #registry: Registry;
  #sheet = newSheet();

  /** Begins to record. */
  constructor(registry: Registry) {
    this.#registry = registry;
    registry.onEnd((ended, live) => this.#end(ended, live));
    registry.onTime((name, milliseconds) => {
      if (name === "dial") this.#sheet.dial.add(milliseconds);
      else if (name === "resolve") this.#sheet.resolve.add(milliseconds);
    });
  }

  /**
   * Takes the record, including the bytes of open connections.
   *
   * @returns The events since the last call.
   */
  take(): Recorded {
    for (const [, live] of this.#registry.open) this.#countOpen(live);
    const { dial, resolve, rankings, ...sums } = this.#sheet;
    this.#sheet = newSheet();
    return {
      ...sums,
      dial: dial.counts,
      resolve: resolve.counts,
      rankings: eachRanking((ranking) => rankings[ranking].table()),
    };
  }

  #countOpen(live: LiveConnection): void {
    const { received, sent } = live.carried;
    const bytes = Math.max(0, sent + received - live.rankedBytes);
    const isNew = !live.isRanked && live.state !== "handshake" &&
      live.state !== "connecting";
    if (bytes > 0 || isNew) this.#rank(live, { bytes, isNew });
  }

  #end({ record }: EndedConnection, live: LiveConnection): void {
    const { received, sent } = live.carried;
    // Only the record includes the bytes before the meter began.
    const total = Math.max(sent + received, record.sent + record.received);
    const bytes = Math.max(0, total - live.rankedBytes);
    const isNew = !live.isRanked;
    this.#rank(live, { bytes, isNew }, record);
    const sheet = this.#sheet;
    const { code, result, rule, target } = record;
    sheet.results[result]++;
    if (result === "ok") return;
    const { missed, reason, refusing } = sheet.rankings;
    reason.add(`${result} ${code}`, 0, 1);
    if (result === "refused" && rule !== undefined) refusing.add(rule, 0, 1);
    if (result === "failed" && target !== undefined) missed.add(target, 0, 1);
  }

  /** An HTTP request has its own record, and its connection outlives it. */
  #rank(
    live: LiveConnection,
    { bytes, isNew }: { bytes: number; isNew: boolean },
    record = live.session.record,
  ): void {
    const sheet = this.#sheet;
    const connections = isNew ? 1 : 0;
    live.rankedBytes += bytes;
    live.isRanked ||= isNew;
    sheet.bytes += bytes;
    sheet.connections += connections;
    const { client, rule, target, user } = record;
    const { rankings } = sheet;
    rankings.client.add(hostOf(client), bytes, connections);
    if (user !== undefined) rankings.user.add(user, bytes, connections);
    if (target !== undefined) rankings.target.add(target, bytes, connections);
    if (rule !== undefined) rankings.rule.add(rule, bytes, connections);
  }
}

function newSheet(): Sheet {
  return {
    results: noResults(),
    dial: new TimeHistogram(),
    resolve: new TimeHistogram(),
    bytes: 0,
    connections: 0,
    rankings: eachRanking(() => new HeavyHitters(MOST_HITTERS)),
  };
}
