/**
 * Limits the bytes per second of a connection, of a user, and in total.
 *
 * @module
 */

import { Pace } from "../../sync/pace.ts";
import { type Bucket, Rate } from "../../sync/rate.ts";
import {
  SharedBucket,
  type SharedBucketOptions,
} from "../../sync/shared/bucket.ts";
import type { SharedTable } from "../../sync/shared/table.ts";

/**
 * Most users to remember after their last connection, so that nobody gains a
 * new burst by reconnecting.
 */
const MOST_IDLE_USERS = 1_000;

/**
 * Shape of the table for {@linkcode RateLimits}; its values are {@linkcode
 * WAYS}.
 */
export const BYTES_TABLE = {
  capacity: 8_192,
  keyBytes: 256,
  values: 4,
} as const;

/** Shape of the table if a fleet shares the rates. */
export const FLEET_BYTES_TABLE = { ...BYTES_TABLE, values: 11 } as const;

/** Key for all connections in the table. No user has this name. */
const TOTAL = "";

/** Indexes of the values in an entry of the table. */
export const WAYS = {
  up: { index: 0, turns: 2 },
  down: { index: 1, turns: 3 },
} as const;

/** Fraction of a rate that a machine uses until the fleet assigns its part. */
const UNTOLD = 1 / 16;

/** Indexes of further values in a fleet. */
export const PARTS = {
  up: { rate: 4, part: 5, carried: 6, untold: UNTOLD },
  down: { rate: 7, part: 8, carried: 9, untold: UNTOLD },
} as const;

/** Index of the time until which the entry stays in the table of a fleet. */
export const KEPT = 10;

/** Bytes per second in each direction; 0 disables a limit. */
export interface BothWays {
  /** From clients to targets. */
  up: number;
  /** From targets to clients. */
  down: number;
}

/** The configured rates. */
export interface RateSettings {
  /** Rate of one connection. */
  connection?: BothWays | undefined;
  /** Rate of all connections of one user. */
  user?: BothWays | undefined;
  /** Rate of all connections. */
  total?: BothWays | undefined;
  /** Budget after a pause, in milliseconds of each rate (default 100). */
  burst?: number | undefined;
}

/** The limits of one connection's directions. */
export interface Paces {
  /** Limits reading from the client; `undefined` for no limit. */
  readonly up: Pace | undefined;
  /** Limits reading from targets; `undefined` for no limit. */
  readonly down: Pace | undefined;
}

/** A rate for each direction; `undefined` for no limit. */
export type Rates = Readonly<Record<keyof BothWays, Rate | undefined>>;

interface KnownUser {
  rates: Rates;
  connections: number;
  /** Entry in the table that threads share. */
  entry: number | undefined;
}

/** Options for {@linkcode RateLimits}. */
export interface RateLimitsOptions {
  /** Table in which threads count together (default: this thread alone). */
  table?: SharedTable | undefined;
  /** Whether a fleet shares the rates (default false). */
  isOfFleet?: boolean;
}

/** The entry of a rate's buckets in the shared table. */
interface Place {
  table: SharedTable;
  entry: number;
}

/** The rates of all users and connections. */
export class RateLimits {
  readonly #settings: RateSettings;
  readonly #total: Rates;
  readonly #table: SharedTable | undefined;
  readonly #isOfFleet: boolean;
  /** Users without a connection are in the order of their last one. */
  readonly #users = new Map<string, KnownUser>();

  /**
   * Creates rates without any bytes counted.
   *
   * @param settings The configured rates.
   * @param options The shared table, if any.
   */
  constructor(
    settings: RateSettings,
    { isOfFleet = false, table }: RateLimitsOptions = {},
  ) {
    this.#settings = settings;
    this.#isOfFleet = isOfFleet;
    this.#table = table;
    this.#total = this.#makeRates(settings.total, this.#enterTable(TOTAL));
  }

  /** Number of remembered users. */
  get users(): number {
    return this.#users.size;
  }

  /** Creates the rates of one connection, which no other connection shares. */
  connect(): Rates {
    return this.#makeRates(this.#settings.connection);
  }

  /**
   * Adds the rates that a connection shares with others.
   *
   * @param own The connection's own rates.
   * @param user The connection's user. Call {@linkcode RateLimits.leave} at the
   *   end.
   * @returns The limits of the connection.
   */
  join(own: Rates, user: string | undefined): Paces {
    const ofUser = user === undefined ? undefined : this.#enter(user);
    return {
      up: makePace([own.up, ofUser?.up, this.#total.up]),
      down: makePace([own.down, ofUser?.down, this.#total.down]),
    };
  }

  /** Removes one connection of a user. */
  leave(user: string): void {
    const known = this.#users.get(user);
    if (known === undefined || --known.connections > 0) return;
    this.#users.delete(user); // Moves it to the end.
    if (known.entry !== undefined) {
      return this.#leaveTable(known.entry); // The table remembers the user.
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
      const share = this.#isOfFleet ? PARTS[way] : undefined;
      const bucket = bucketAt(place, { ...WAYS[way], share });
      return new Rate(bytes[way], { burst, bucket });
    };
    return { up: make("up"), down: make("down") };
  }

  /** Takes a share of the entry, so that the table keeps it. */
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
  numbers: Pick<SharedBucketOptions, "index" | "turns" | "share">,
): ((speed: number, burst: number) => Bucket) | undefined {
  if (place === undefined) return undefined;
  return (speed, burst) =>
    new SharedBucket(place, { ...numbers, speed, burst });
}

function makePace(rates: (Rate | undefined)[]): Pace | undefined {
  const limited = rates.filter((rate) => rate !== undefined);
  return limited.length === 0 ? undefined : new Pace(limited);
}
