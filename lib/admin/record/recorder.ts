/**
 * Records what happens in one thread between two questions: who used how much,
 * how long things took, and what went wrong. Bytes cost nothing; a connection
 * costs a few counts when it ends.
 *
 * @module
 */

import type { ConnectionResult } from "../../observe/log_event.ts";
import type { LiveConnection } from "../../serve/live_connection.ts";
import type { EndedConnection, Registry } from "../../serve/registry.ts";
import { hostOf } from "../filter.ts";
import { HeavyHitters, type HitterTable } from "./heavy_hitters.ts";
import { TimeHistogram } from "./time_histogram.ts";

/** Keys that are kept of each ranking. */
export const MOST_HITTERS = 1_000;

/** What connections are ranked by. */
export const RANKINGS = [
  "user",
  "client",
  "target",
  "rule",
  /** Results but `ok` with their code, as `refused rule`. */
  "reason",
  /** Rules that refused. */
  "refusing",
  /** Targets that were not reached. */
  "missed",
] as const;

/** One of the rankings. */
export type Ranking = typeof RANKINGS[number];

/** How often connections ended in each way. */
export type Results = Record<ConnectionResult, number>;

/** What has happened since the last question. */
export interface Recorded {
  /** Connections and requests that ended. */
  readonly results: Results;
  /** How long connecting took, by class. */
  readonly dial: Uint32Array;
  /** How long lookups took, by class. */
  readonly resolve: Uint32Array;
  /** Bytes both ways. */
  readonly bytes: number;
  /** Connections and requests that were ranked. */
  readonly connections: number;
  /** Who or what they were. */
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

/** What is being recorded. */
interface Sheet {
  results: Results;
  dial: TimeHistogram;
  resolve: TimeHistogram;
  bytes: number;
  connections: number;
  rankings: Record<Ranking, HeavyHitters>;
}

/** Records what happens. */
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
   * Takes what was recorded, with the bytes of open connections.
   *
   * @returns What has happened since the last call.
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
    // Bytes before the meter began are in the record alone.
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

  /** An HTTP request has a record of its own, which its connection outlives. */
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
