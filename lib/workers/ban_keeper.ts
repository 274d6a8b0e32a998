/**
 * The one place of a program where it is decided who is banned, when several
 * threads see wrong passwords.
 *
 * @module
 */

import { banEvents } from "../serve/limits/ban_events.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { Bans, type BansOptions, type BanState } from "../policy/users/bans.ts";
import { type BanAction, decideBan } from "../policy/users/replicated_bans.ts";

/** Listeners whose bans are kept; a reload may make new ones. */
const MOST_NAMES = 1_000;

/** Decides who is banned. */
export class BanKeeper {
  readonly #all = new Map<string, Bans>();
  readonly #log: (event: LogEvent) => void;

  /**
   * Begins with nobody banned.
   *
   * @param log Told of bans and attacks.
   */
  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /**
   * Gives what a new copy has to know.
   *
   * @param name Whose bans.
   * @param settings What leads to one.
   * @returns All that is known.
   */
  copy(name: string, settings: BansOptions): BanState[] {
    const bans = this.#all.get(name) ?? new Bans(settings);
    this.#all.delete(name); // To be the last in order.
    this.#all.set(name, bans);
    if (this.#all.size > MOST_NAMES) {
      const [oldest] = this.#all.keys();
      this.#all.delete(oldest!);
    }
    return bans.states();
  }

  /**
   * Decides what comes of something that a thread has seen.
   *
   * @param name Whose bans.
   * @param action What it has seen.
   * @returns What all copies are to take.
   */
  decide(name: string, action: BanAction): BanState[] {
    const bans = this.#all.get(name);
    if (bans === undefined) return [];
    const { outcome, states } = decideBan(bans, action);
    if (outcome !== undefined) banEvents(outcome).forEach(this.#log);
    return states;
  }
}
