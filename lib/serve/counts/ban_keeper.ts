/**
 * Keeps the ban lists of a program with several threads. Each thread has a copy
 * of every list.
 *
 * @module
 */

import { banEvents } from "../limits/ban_events.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import {
  Bans,
  type BansOptions,
  type BanState,
} from "../../policy/users/bans.ts";
import {
  type BanAction,
  decideBan,
} from "../../policy/users/replicated_bans.ts";
import type { BanDecider, BanList, Fleet } from "./fleet.ts";

/** Most ban lists to keep; each reload may add some. */
const MOST_NAMES = 1_000;

/** Options for {@linkcode BanKeeper}. */
export interface BanKeeperOptions {
  /** Receives bans and attacks. */
  log: (event: LogEvent) => void;
  /**
   * Passes decisions to all copies.
   *
   * @param name Name of the ban list.
   */
  deliver: (name: string, states: BanState[]) => void;
  /** Shares decisions with other machines (default: none). */
  fleet?: Pick<Fleet, "bans"> | undefined;
}

/** Decides who is banned. */
export class BanKeeper {
  readonly #all = new Map<string, BanDecider>();
  readonly #options: BanKeeperOptions;

  /**
   * Creates a keeper without bans.
   *
   * @param options Receivers of bans, and the fleet.
   */
  constructor(options: BanKeeperOptions) {
    this.#options = options;
  }

  /**
   * Returns the state for a new copy.
   *
   * @param name Name of the ban list in this program.
   * @param scope Name of its listener on every machine of a fleet.
   * @param settings The rules.
   * @returns All bans and failures so far.
   */
  copy(name: string, scope: string, settings: BansOptions): BanState[] {
    const { deliver, fleet, log } = this.#options;
    const list: BanList = {
      ...{ scope, settings },
      deliver: (states) => deliver(name, states),
    };
    const decider = this.#all.get(name) ??
      fleet?.bans(list) ?? new OwnBans(list, log);
    this.#all.delete(name); // Becomes the newest entry.
    this.#all.set(name, decider);
    if (this.#all.size > MOST_NAMES) {
      const [oldest] = this.#all.keys();
      this.#all.delete(oldest!);
    }
    return decider.states();
  }

  /**
   * Decides the effect of an event from a thread.
   *
   * @param name Name of the ban list; unknown names are ignored.
   * @param action The event.
   */
  decide(name: string, action: BanAction): void {
    this.#all.get(name)?.decide(action);
  }
}

/** Bans of this machine alone. */
export class OwnBans implements BanDecider {
  readonly #bans: Bans;
  readonly #list: BanList;
  readonly #log: (event: LogEvent) => void;

  /**
   * Creates a list without bans.
   *
   * @param list The rules, and the receiver of decisions.
   * @param log Receives bans and attacks.
   */
  constructor(list: BanList, log: (event: LogEvent) => void) {
    this.#bans = new Bans(list.settings);
    this.#list = list;
    this.#log = log;
  }

  /** Returns all known bans and failures. */
  states(): BanState[] {
    return this.#bans.states();
  }

  /**
   * Decides the effect of an event.
   *
   * @param action The event.
   */
  decide(action: BanAction): void {
    const { outcome, states } = decideBan(this.#bans, action);
    if (outcome !== undefined) banEvents(outcome).forEach(this.#log);
    this.#list.deliver(states);
  }
}
