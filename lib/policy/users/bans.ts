/**
 * The answer to whoever tries passwords: after some failures an address is
 * told nothing more for a while.
 *
 * Failures are counted by client and by name. A name is never banned, since
 * anyone could lock its owner out by failing for him. While a name has too many
 * failures, which then come from many addresses, it takes one failure with it
 * to ban an address, instead of ten; the right password still opens, from any
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

/** Clients and names that are kept, each. */
const MOST_KEYS = 20_000;

const DEFAULTS: FailureRules = {
  after: 10,
  window: 120_000,
  time: 60_000,
  timeMax: 900_000,
};

/** Options for {@linkcode Bans}. */
export interface BansOptions extends Partial<FailureRules> {
  /** Tells milliseconds that only go forward (default `performance.now`). */
  now?: () => number;
}

/** A name with too many failures, from now on. */
export interface Attack {
  /** Name as sent. */
  user: string;
  /** Milliseconds for which one failure with it is enough for a ban. */
  duration: number;
  /** Failures that led to that. */
  failures: number;
  /** Milliseconds within which they were. */
  window: number;
}

/** What a failure has led to. */
export interface FailureOutcome {
  /** The ban of the client that begins with it. */
  ban: BanEvent | undefined;
  /** The attack on the name that begins with it. */
  attack: Attack | undefined;
}

/** What is known of a client or a name, for others who are to know it too. */
export interface BanState {
  /** Which of the two it is. */
  readonly of: "client" | "user";
  /** The client's key, or the name. */
  readonly key: string;
  /** What is known; `undefined` is nothing. */
  readonly state: FailureState | undefined;
}

/** Counts failures to authenticate, and bans clients for them. */
export class Bans {
  readonly #rules: FailureRules;
  readonly #clients: FailureTable;
  readonly #users: FailureTable;

  /**
   * Creates it with nobody banned.
   *
   * @param options What leads to a ban; `after: 0` is that nothing does.
   */
  constructor({ now = () => performance.now(), ...rules }: BansOptions = {}) {
    this.#rules = { ...DEFAULTS, ...rules };
    this.#clients = new FailureTable(this.#rules, MOST_KEYS, now);
    this.#users = new FailureTable(this.#rules, MOST_KEYS, now);
  }

  /** Clients and names that are remembered. */
  get size(): number {
    return this.#clients.size + this.#users.size;
  }

  /** How many clients are banned, and how many names are under attack. */
  get active(): { clients: number; users: number } {
    return { clients: this.#clients.active, users: this.#users.active };
  }

  /**
   * Refuses a client that is banned.
   *
   * @param client Its address without port.
   * @throws {Refusal} `banned`, saying for how long.
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
   * @param client Address they came from, without port.
   * @param user Name as sent; whether it is a user's makes no difference, or
   *   bans would tell which names are.
   * @returns What that has led to.
   */
  fail(client: string, user: string): FailureOutcome {
    const { after, window } = this.#rules;
    if (after === 0) return { ban: undefined, attack: undefined };
    const key = clientKey(client);
    const wasAttacked = this.#users.remaining(user) > 0;
    const attack = this.#users.fail(user);
    // What was being checked when its ban began makes that no longer.
    const wasBanned = this.#clients.remaining(key) > 0;
    const ban = wasBanned ? undefined : this.#clients.fail(key, wasAttacked);
    const isForName = wasAttacked && ban !== undefined && ban.failures < after;
    return {
      ban: ban && {
        event: "ban",
        client: key,
        ...ban,
        window,
        ...(isForName ? { user } : {}),
      },
      attack: attack && { user, ...attack, window },
    };
  }

  /**
   * Forgets the failures of a client that has given right credentials, but not
   * those with the name, which may be another's. What it did to be banned
   * before still counts for how long the next ban is.
   *
   * @param client Its address without port.
   */
  succeed(client: string): void {
    this.#clients.succeed(clientKey(client));
  }

  /**
   * Tells what is known of a client and a name.
   *
   * @param client The client's address, without port.
   * @param user The name (default: of the client alone).
   * @returns That of each.
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

  /** All that is known. */
  states(): BanState[] {
    return [
      ...[...this.#clients.keys()].flatMap((key) => this.statesOf(key)),
      ...[...this.#users.keys()].flatMap((key) =>
        this.statesOf(undefined, key)
      ),
    ];
  }

  /**
   * Takes what others know in the place of what is known.
   *
   * @param states What they know.
   */
  replace(states: readonly BanState[]): void {
    for (const { of, key, state } of states) {
      const table = of === "client" ? this.#clients : this.#users;
      table.replace(key, state);
    }
  }

  /** Clients that are banned, the one with the longest to go first. */
  list(): ActiveBan[] {
    return longestFirst(this.#clients.list());
  }

  /** Names under attack, the one with the longest to go first. */
  attacked(): ActiveBan[] {
    return longestFirst(this.#users.list());
  }

  /**
   * Ends the ban of a client.
   *
   * @param client Address, or key as {@linkcode Bans.list} has it.
   * @returns Whether it was banned.
   */
  lift(client: string): boolean {
    return this.#clients.lift(clientKey(client));
  }

  /**
   * Ends the attack on a name, so that one failure with it is not enough.
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
