/**
 * How many bytes a second a connection, a user and all together may carry.
 *
 * @module
 */

import { Pace } from "../sync/pace.ts";
import { Rate } from "../sync/rate.ts";

/**
 * Users remembered after their last connection, so that none gains a new burst
 * by connecting anew.
 */
const MOST_IDLE_USERS = 1_000;

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
}

/** The rates of everybody. */
export class RateLimits {
  readonly #settings: RateSettings;
  readonly #total: Rates;
  /** Those without a connection in the order of their last one. */
  readonly #users = new Map<string, KnownUser>();

  /**
   * Creates rates that nobody has used.
   *
   * @param settings The rates.
   */
  constructor(settings: RateSettings) {
    this.#settings = settings;
    this.#total = this.#makeRates(settings.total);
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

  /**
   * Notes that a user has a connection less.
   *
   * @param user The user.
   */
  leave(user: string): void {
    const known = this.#users.get(user);
    if (known === undefined || --known.connections > 0) return;
    this.#users.delete(user); // To be the last in order.
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
      known = { rates: this.#makeRates(this.#settings.user), connections: 0 };
      this.#users.set(user, known);
    }
    known.connections++;
    return known.rates;
  }

  #makeRates({ up, down }: BothWays = { up: 0, down: 0 }): Rates {
    const { burst = 100 } = this.#settings;
    const make = (rate: number) =>
      rate === 0 ? undefined : new Rate(rate, { burst });
    return { up: make(up), down: make(down) };
  }
}

function makePace(rates: (Rate | undefined)[]): Pace | undefined {
  const limited = rates.filter((rate) => rate !== undefined);
  return limited.length === 0 ? undefined : new Pace(limited);
}
