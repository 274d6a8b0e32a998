/**
 * Limits how often one client may connect.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import type { SharedTable } from "../../sync/shared/table.ts";
import { clientKey } from "./client_key.ts";
import { Refusal } from "./refusal.ts";

/** Lengths of the periods in milliseconds. */
const PERIODS: Readonly<Record<Frequency["period"], number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
};

/**
 * Most clients to remember. The one with the oldest connection makes room: it
 * has regained most of its burst, and a forgotten client has all of it.
 */
const MOST_CLIENTS = 16_384;

/** An average number per period. */
export interface Frequency {
  /** Number of connections, 1 or more. */
  count: number;
  /** Length of the period. */
  period: "second" | "minute" | "hour";
}

/** Options for {@linkcode ConnectionRate}. */
export interface ConnectionRateOptions {
  /** Connections in one burst after a pause (default: those of a period). */
  burst?: number | undefined;
  /** Returns the time in milliseconds (default `performance.now`). */
  now?: () => number;
  /**
   * Table in which threads count together (default: only this thread counts).
   */
  table?: SharedTable | undefined;
}

/** Shape of the table for {@linkcode ConnectionRate}. */
export const RATE_TABLE = {
  capacity: MOST_CLIENTS,
  keyBytes: 48,
  values: 1,
  window: 32,
} as const;

/**
 * A token bucket for each client. It stores only the time at which the bucket
 * will be full again, which is all it needs (the generic cell rate algorithm,
 * ITU-T I.371).
 */
export class ConnectionRate {
  readonly #message: string;
  /** Milliseconds until the bucket gains one connection. */
  readonly #interval: number;
  /**
   * The longest time until full, in milliseconds, that still allows a
   * connection.
   */
  readonly #longest: number;
  readonly #now: () => number;
  readonly #table: SharedTable | undefined;
  /** In the order of the last connection. */
  readonly #fullAt = new Map<string, number>();

  /**
   * Creates a rate without any connections counted.
   *
   * @param frequency Average rate.
   * @param options Burst, clock and table.
   */
  constructor(
    { count, period }: Frequency,
    options: ConnectionRateOptions = {},
  ) {
    const { burst = count, now = () => performance.now() } = options;
    const time = period === "hour" ? "an hour" : `a ${period}`;
    this.#message = `Limit of ${
      countOf(count, "new connection")
    } ${time} from one client reached`;
    this.#interval = PERIODS[period] / count;
    // Rounding must not cost a connection.
    this.#longest = (burst - 1 + 1e-6) * this.#interval;
    this.#now = now;
    this.#table = options.table;
  }

  /** Number of remembered clients. */
  get clients(): number {
    return this.#fullAt.size;
  }

  /**
   * Counts a new connection. A refused one does not count, so an insistent
   * client gets as many connections as a patient one.
   *
   * @param client The client's address without port. All of a /64 of IPv6
   *   counts as one client.
   * @throws {Refusal} `limit reached`.
   */
  take(client: string): void {
    const key = clientKey(client);
    const early = this.#table === undefined
      ? this.#count(key)
      : this.#countTogether(key, this.#table);
    if (early <= 0) return;
    throw new Refusal("limit reached", this.#message, {
      limit: "connection-rate",
      retryAfter: Math.ceil(early / 1_000),
    });
  }

  /**
   * Returns by how many milliseconds the connection is too early. If positive,
   * the connection is not counted.
   */
  #count(key: string): number {
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now);
    const early = fullAt - now - this.#longest;
    if (early > 0) return early;
    this.#fullAt.delete(key); // Moves it to the end.
    if (this.#fullAt.size === MOST_CLIENTS) {
      const [oldest] = this.#fullAt.keys();
      this.#fullAt.delete(oldest!);
    }
    this.#fullAt.set(key, fullAt + this.#interval);
    return 0;
  }

  #countTogether(key: string, table: SharedTable): number {
    return table.exclusively(() => {
      const { now } = table;
      const entry = table.enter(key)!; // An older entry always makes room.
      const fullAt = Math.max(table.value(entry, 0), now);
      const early = fullAt - now - this.#longest;
      if (early > 0) return early;
      table.setValue(entry, 0, fullAt + this.#interval);
      return 0;
    });
  }
}
