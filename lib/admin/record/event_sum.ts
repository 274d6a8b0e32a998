/**
 * Sums of events: how connections ended, how long they took to open, and who
 * used most.
 *
 * @module
 */

import type { ConnectionResult } from "../../observe/log_event.ts";
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

/** The sums of a period, as a message can carry them. */
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

/** Makes one of each ranking. */
export function eachRanking<T>(
  make: (ranking: Ranking) => T,
): Record<Ranking, T> {
  return Object.fromEntries(
    RANKINGS.map((ranking) => [ranking, make(ranking)]),
  ) as Record<Ranking, T>;
}

/** Sums that still grow. */
export class EventSum {
  /** How connections ended. */
  readonly results: Results = {
    ...{ ok: 0, cut: 0, refused: 0, failed: 0, dropped: 0 },
  };
  /** How long connecting took. */
  readonly dial: TimeHistogram = new TimeHistogram();
  /** How long lookups took. */
  readonly resolve: TimeHistogram = new TimeHistogram();
  /** Bytes both ways. */
  bytes = 0;
  /** Connections and requests. */
  connections = 0;
  /** Rankings of users, clients, targets and rules. */
  readonly rankings: Readonly<Record<Ranking, HeavyHitters>> = eachRanking(
    () => new HeavyHitters(MOST_HITTERS),
  );

  /** Adds the sums of another period. */
  merge(recorded: Recorded): void {
    this.dial.merge(recorded.dial);
    this.resolve.merge(recorded.resolve);
    this.bytes += recorded.bytes;
    this.connections += recorded.connections;
    const names = Object.keys(this.results) as (keyof Results)[];
    for (const name of names) this.results[name] += recorded.results[name];
    for (const ranking of RANKINGS) {
      this.rankings[ranking].merge(recorded.rankings[ranking]);
    }
  }

  /**
   * Copies them.
   *
   * @param most Most keys of each ranking.
   */
  copy(most: number = MOST_HITTERS): Recorded {
    const { bytes, connections, dial, resolve, results } = this;
    return {
      ...{ bytes, connections },
      results: { ...results },
      dial: dial.counts.slice(),
      resolve: resolve.counts.slice(),
      rankings: eachRanking((one) => this.rankings[one].table(most)),
    };
  }
}
