/**
 * Decides bans for the whole program if several threads check passwords.
 *
 * @module
 */

import { banEvents } from "../serve/limits/ban_events.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { Bans, type BansOptions, type BanState } from "../policy/users/bans.ts";
import { type BanAction, decideBan } from "../policy/users/replicated_bans.ts";

/** Most listeners whose bans are kept; a reload may add new ones. */
const MOST_NAMES = 1_000;

/** Decides who is banned. */
export class BanKeeper {
  readonly #all = new Map<string, Bans>();
  readonly #log: (event: LogEvent) => void;

  /**
   * Begins without bans.
   *
   * @param log Receives bans and attacks.
   */
  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /**
   * Returns the state for a new copy.
   *
   * @param name Name of the list of bans.
   * @returns All bans and failures so far.
   */
  copy(name: string, settings: BansOptions): BanState[] {
    const bans = this.#all.get(name) ?? new Bans(settings);
    this.#all.delete(name); // Becomes the newest entry.
    this.#all.set(name, bans);
    if (this.#all.size > MOST_NAMES) {
      const [oldest] = this.#all.keys();
      this.#all.delete(oldest!);
    }
    return bans.states();
  }

  /**
   * Decides the effect of an event that a thread has seen.
   *
   * @param name Name of the list of bans.
   * @param action The event.
   * @returns The changes for all copies.
   */
  decide(name: string, action: BanAction): BanState[] {
    const bans = this.#all.get(name);
    if (bans === undefined) return [];
    const { outcome, states } = decideBan(bans, action);
    if (outcome !== undefined) banEvents(outcome).forEach(this.#log);
    return states;
  }
}
