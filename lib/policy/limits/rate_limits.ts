/**
 * How many bytes a second a connection, a user and all together may carry.
 *
 * @module
 */

import { Pace } from "../../sync/pace.ts";
import { type Bucket, Rate } from "../../sync/rate.ts";
import { SharedBucket } from "../../sync/shared/bucket.ts";
import type { SharedTable } from "../../sync/shared/table.ts";

/**
 * Users remembered after their last connection, so that none gains a new burst
 * by connecting anew.
 */
const MOST_IDLE_USERS = 1_000;

/** The table that threads need for {@linkcode RateLimits}: {@linkcode WAYS}. */
export const BYTES_TABLE = {
  capacity: 8_192,
  keyBytes: 256,
  values: 4,
} as const;

/** Key of all connections in it; nobody has such a name. */
const TOTAL = "\0total";

/** Places of the numbers in an entry of it. */
const WAYS = {
  up: { index: 0, turns: 2 },
  down: { index: 1, turns: 3 },
} as const;

/** Bytes a second each way; 0 is no limit. */
export interface BothWays {
  /** From clients to targets. */
  up: number;
  /** From targets to clients. */
  down: number;
}

/** The rates that are limited. */
export interface RateSettings {
  /** Of one connection. */
  connection?: BothWays | undefined;
  /** Of all connections of one user. */
  user?: BothWays | undefined;
  /** Of all connections. */
  total?: BothWays | undefined;
  /**
   * How much may come at once after a pause, in milliseconds of each rate
   * (default 100).
   */
  burst?: number | undefined;
}

/** What the two directions of one connection keep to. */
export interface Paces {
  /** What is read of the client; `undefined` is no limit. */
  readonly up: Pace | undefined;
  /** What is read of targets; `undefined` is no limit. */
  readonly down: Pace | undefined;
}

/** A rate for each way; `undefined` is no limit. */
export type Rates = Readonly<Record<keyof BothWays, Rate | undefined>>;

interface KnownUser {
  rates: Rates;
  connections: number;
  /** In the table of all threads. */
  entry: number | undefined;
}

/** Where the buckets of a rate are that threads have together. */
interface Place {
  table: SharedTable;
  entry: number;
}

/** The rates of everybody. */
export class RateLimits {
  readonly #settings: RateSettings;
  readonly #total: Rates;
  readonly #table: SharedTable | undefined;
  /** Those without a connection in the order of their last one. */
  readonly #users = new Map<string, KnownUser>();

  /**
   * Creates rates that nobody has used.
   *
   * @param settings The rates.
   * @param table Where threads count together (default: this one alone does).
   */
  constructor(settings: RateSettings, table?: SharedTable) {
    this.#settings = settings;
    this.#table = table;
    this.#total = this.#makeRates(settings.total, this.#enterTable(TOTAL));
  }

  /** Users that are remembered. */
  get users(): number {
    return this.#users.size;
  }

  /**
   * Makes the rates of one connection.
   *
   * @returns What it shares with none.
   */
  connect(): Rates {
    return this.#makeRates(this.#settings.connection);
  }

  /**
   * Adds what a connection shares with others.
   *
   * @param own Its own rates.
   * @param user Its user; to be given back with {@linkcode RateLimits.leave}.
   * @returns What it keeps to.
   */
  join(own: Rates, user: string | undefined): Paces {
    const ofUser = user === undefined ? undefined : this.#enter(user);
    return {
      up: makePace([own.up, ofUser?.up, this.#total.up]),
      down: makePace([own.down, ofUser?.down, this.#total.down]),
    };
  }

  /** Notes that a user has a connection less. */
  leave(user: string): void {
    const known = this.#users.get(user);
    if (known === undefined || --known.connections > 0) return;
    this.#users.delete(user); // To be the last in order.
    if (known.entry !== undefined) {
      return this.#leaveTable(known.entry); // The table remembers it.
    }
    this.#users.set(user, known);
    if (this.#users.size <= MOST_IDLE_USERS) return;
    for (const [name, { connections }] of this.#users) {
      if (connections > 0) continue;
      this.#users.delete(name);
      return;
    }
  }

  #enter(user: string): Rates | undefined {
    if (this.#settings.user === undefined) return undefined;
    let known = this.#users.get(user);
    if (known === undefined) {
      const place = this.#enterTable(user);
      const rates = this.#makeRates(this.#settings.user, place);
      known = { rates, connections: 0, entry: place?.entry };
      this.#users.set(user, known);
    }
    known.connections++;
    return known.rates;
  }

  #makeRates(
    bytes: BothWays = { up: 0, down: 0 },
    place?: Place,
  ): Rates {
    const { burst = 100 } = this.#settings;
    const make = (way: keyof BothWays) => {
      if (bytes[way] === 0) return undefined;
      const bucket = bucketAt(place, WAYS[way]);
      return new Rate(bytes[way], { burst, bucket });
    };
    return { up: make("up"), down: make("down") };
  }

  /** While we have a share of it, it is not forgotten. */
  #enterTable(key: string): Place | undefined {
    const table = this.#table;
    const entry = table?.exclusively(() => {
      const entry = table.enter(key);
      if (entry !== undefined) table.addShare(entry, 1);
      return entry;
    });
    return entry === undefined ? undefined : { table: table!, entry };
  }

  #leaveTable(entry: number): void {
    this.#table!.exclusively(() => this.#table!.addShare(entry, -1));
  }
}

function bucketAt(
  place: Place | undefined,
  numbers: typeof WAYS[keyof typeof WAYS],
): ((speed: number, burst: number) => Bucket) | undefined {
  if (place === undefined) return undefined;
  return (speed, burst) =>
    new SharedBucket(place, { ...numbers, speed, burst });
}

function makePace(rates: (Rate | undefined)[]): Pace | undefined {
  const limited = rates.filter((rate) => rate !== undefined);
  return limited.length === 0 ? undefined : new Pace(limited);
}
