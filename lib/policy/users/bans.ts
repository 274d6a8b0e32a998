/**
 * Bans clients that guess passwords: after some failures, an address gets no
 * more answers for a while.
 *
 * Failures are counted by client and by name. A name is never banned, because
 * anyone could then lock out its owner. A name with too many failures, which
 * then come from many addresses, counts as under attack: one failure with it
 * bans an address instead of ten. The right password still works from any
 * address that is not banned.
 *
 * @module
 */

import type { BanEvent } from "../../observe/log_event.ts";
import { clientKey } from "../limits/client_key.ts";
import {
  type ActiveBan,
  type FailureRules,
  type FailureState,
  FailureTable,
} from "./failure_table.ts";
import { Refusal } from "../limits/refusal.ts";

/** Most clients, and most names, to remember. */
const MOST_KEYS = 20_000;

/** The rules if none are given. */
export const DEFAULT_FAILURE_RULES: FailureRules = {
  after: 10,
  window: 120_000,
  time: 60_000,
  timeMax: 900_000,
};

/** Options for {@linkcode Bans}. */
export interface BansOptions extends Partial<FailureRules> {
  /** Returns milliseconds that never go back (default `performance.now`). */
  now?: () => number;
}

/** The start of an attack on a name. */
export interface Attack {
  /** User name as sent. */
  user: string;
  /** Milliseconds during which one failure with the name leads to a ban. */
  duration: number;
  /** Failures that led to it. */
  failures: number;
  /** Milliseconds within which they happened. */
  window: number;
}

/** The consequences of a failure. */
export interface FailureOutcome {
  /** The client's ban, if it starts with this failure. */
  ban: BanEvent | undefined;
  /** The attack on the name, if it starts with this failure. */
  attack: Attack | undefined;
}

/** The state of a client or a name, for other copies. */
export interface BanState {
  /** Kind of key. */
  readonly of: "client" | "user";
  /** The client's key, or the name. */
  readonly key: string;
  /** The state; `undefined` if nothing is known. */
  readonly state: FailureState | undefined;
}

/** Counts failed authentications, and bans clients for them. */
export class Bans {
  readonly #rules: FailureRules;
  readonly #clients: FailureTable;
  readonly #users: FailureTable;

  /**
   * Creates a table without bans.
   *
   * @param options Rules for bans; `after: 0` disables them.
   */
  constructor({ now = () => performance.now(), ...rules }: BansOptions = {}) {
    this.#rules = { ...DEFAULT_FAILURE_RULES, ...rules };
    this.#clients = new FailureTable(this.#rules, MOST_KEYS, now);
    this.#users = new FailureTable(this.#rules, MOST_KEYS, now);
  }

  /** Number of remembered clients and names. */
  get size(): number {
    return this.#clients.size + this.#users.size;
  }

  /** Number of banned clients, and of names under attack. */
  get active(): { clients: number; users: number } {
    return { clients: this.#clients.active, users: this.#users.active };
  }

  /**
   * Refuses a banned client.
   *
   * @param client Address without port.
   * @throws {Refusal} `banned`, with the remaining time.
   */
  check(client: string): void {
    const left = this.#clients.remaining(clientKey(client));
    if (left === 0) return;
    const seconds = Math.ceil(left / 1000);
    throw new Refusal("banned", `Client is banned for ${seconds} s`, {
      retryAfter: seconds,
    });
  }

  /**
   * Counts wrong credentials.
   *
   * @param client Client's address without port.
   * @param user Name as sent. Unknown names count too, because bans would
   *   otherwise reveal which names exist.
   */
  fail(client: string, user: string): FailureOutcome {
    const { after, window } = this.#rules;
    if (after === 0) return { ban: undefined, attack: undefined };
    const key = clientKey(client);
    const wasAttacked = this.#users.remaining(user) > 0;
    const attack = this.#users.fail(user);
    // A check that was running when the ban started must not extend it.
    const wasBanned = this.#clients.remaining(key) > 0;
    const ban = wasBanned ? undefined : this.#clients.fail(key, wasAttacked);
    const isForName = wasAttacked && ban !== undefined && ban.failures < after;
    return {
      ban: ban && {
        event: "ban",
        code: isForName ? "guesser-banned" : "client-banned",
        client: key,
        ...ban,
        window,
        ...(isForName ? { user } : {}),
      },
      attack: attack && { user, ...attack, window },
    };
  }

  /**
   * Clears the failures of a client after correct credentials, but not those of
   * the name, which another client may have caused. Earlier bans still lengthen
   * the next one.
   *
   * @param client Address without port.
   */
  succeed(client: string): void {
    this.#clients.succeed(clientKey(client));
  }

  /**
   * Returns the states of a client and a name.
   *
   * @param client Client's address without port.
   * @param user User name (default: only the client).
   * @returns One state for each of the two.
   */
  statesOf(client: string | undefined, user?: string): BanState[] {
    const states: BanState[] = [];
    if (client !== undefined) {
      const key = clientKey(client);
      states.push({ of: "client", key, state: this.#clients.state(key) });
    }
    if (user !== undefined) {
      states.push({ of: "user", key: user, state: this.#users.state(user) });
    }
    return states;
  }

  /** All states. */
  states(): BanState[] {
    return [
      ...[...this.#clients.keys()].flatMap((key) => this.statesOf(key)),
      ...[...this.#users.keys()].flatMap((key) =>
        this.statesOf(undefined, key)
      ),
    ];
  }

  /**
   * Replaces states with those of another copy.
   *
   * @param states The other copy's states.
   */
  replace(states: readonly BanState[]): void {
    for (const { of, key, state } of states) {
      const table = of === "client" ? this.#clients : this.#users;
      table.replace(key, state);
    }
  }

  /** Banned clients, the longest remaining ban first. */
  list(): ActiveBan[] {
    return longestFirst(this.#clients.list());
  }

  /** Names under attack, the longest remaining attack first. */
  attacked(): ActiveBan[] {
    return longestFirst(this.#users.list());
  }

  /**
   * Bans a client for as long as an operator says.
   *
   * @param client Address without port.
   * @param milliseconds How long, from now.
   */
  ban(client: string, milliseconds: number): void {
    this.#clients.ban(clientKey(client), milliseconds);
  }

  /**
   * Ends a client's ban.
   *
   * @param client Address, or key from {@linkcode Bans.list}.
   * @returns Whether the client was banned.
   */
  lift(client: string): boolean {
    return this.#clients.lift(clientKey(client));
  }

  /**
   * Ends the attack on a name, so that one failure with it no longer leads to a
   * ban.
   *
   * @param user Name as sent.
   * @returns Whether it was under attack.
   */
  calm(user: string): boolean {
    return this.#users.lift(user);
  }
}

function longestFirst(bans: ActiveBan[]): ActiveBan[] {
  return bans.sort((a, b) => b.remaining - a.remaining);
}
