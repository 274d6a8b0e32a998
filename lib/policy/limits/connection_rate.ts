/**
 * How often one client may connect.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import { clientKey } from "./client_key.ts";
import { Refusal } from "./refusal.ts";

/** Lengths of a period in milliseconds. */
const PERIODS: Readonly<Record<Frequency["period"], number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
};

/**
 * Clients remembered. The one that connected longest ago makes room: of all, it
 * has most of its burst back, and being forgotten is to have all of it.
 */
const MOST_CLIENTS = 16_384;

/** So many in a period, on average. */
export interface Frequency {
  /** How many, 1 or more. */
  count: number;
  /** In what time. */
  period: "second" | "minute" | "hour";
}

/** Options for {@linkcode ConnectionRate}. */
export interface ConnectionRateOptions {
  /** How many may come at once after a pause (default: those of a period). */
  burst?: number | undefined;
  /** Tells the time in milliseconds (default `performance.now`). */
  now?: () => number;
  /** Where threads count together (default: this one alone does). */
  table?: SharedTable | undefined;
}

/** The table that threads need for {@linkcode ConnectionRate}. */
export const RATE_TABLE = {
  capacity: MOST_CLIENTS,
  keyBytes: 48,
  values: 1,
  window: 32,
} as const;

/**
 * A token bucket for each client. Kept is only when it will be full again,
 * which says the same in one number (the generic cell rate algorithm, ITU-T
 * I.371).
 */
export class ConnectionRate {
  readonly #message: string;
  /** Milliseconds until there is one more. */
  readonly #interval: number;
  /** A bucket that is full later than this from now is empty. */
  readonly #longest: number;
  readonly #now: () => number;
  readonly #table: SharedTable | undefined;
  /** In the order of the last connection. */
  readonly #fullAt = new Map<string, number>();

  /**
   * Creates a rate that nobody has used.
   *
   * @param frequency How often on average.
   * @param options Burst and clock.
   */
  constructor(
    { count, period }: Frequency,
    options: ConnectionRateOptions = {},
  ) {
    const { burst = count, now = () => performance.now() } = options;
    const time = period === "hour" ? "an hour" : `a ${period}`;
    this.#message = `Limit of ${count} new connections ${time} from one client`;
    this.#interval = PERIODS[period] / count;
    // Rounding must not cost one of a whole number.
    this.#longest = (burst - 1 + 1e-6) * this.#interval;
    this.#now = now;
    this.#table = options.table;
  }

  /** Clients that are remembered. */
  get clients(): number {
    return this.#fullAt.size;
  }

  /**
   * Counts a new connection. One that is refused does not count: a client that
   * insists is served as often as one that waits.
   *
   * @param client The client's address without port; all of a /64 of IPv6 is
   *   one client.
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

  /** Gives by how many milliseconds it is too early; then it does not count. */
  #count(key: string): number {
    const now = this.#now();
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now);
    const early = fullAt - now - this.#longest;
    if (early > 0) return early;
    this.#fullAt.delete(key); // To be the last in order.
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
      const entry = table.enter(key)!; // Somebody always makes room.
      const fullAt = Math.max(table.value(entry, 0), now);
      const early = fullAt - now - this.#longest;
      if (early > 0) return early;
      table.setValue(entry, 0, fullAt + this.#interval);
      return 0;
    });
  }
}
