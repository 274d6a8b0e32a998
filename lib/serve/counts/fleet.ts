/**
 * What a program gets from the room `fleet/`: counts that are kept together
 * with other machines. Products never see it: their counts come from
 * `host.keep()`, which decides whether they live in this thread, in the threads
 * of this machine or in a fleet.
 *
 * @module
 */

import type { BansOptions, BanState } from "../../policy/users/bans.ts";
import type { BanAction } from "../../policy/users/replicated_bans.ts";
import type { TableMemories } from "./shared_counts.ts";
import type { FleetMemory } from "./fleet_view.ts";

/** Decides about one list of bans, for all copies of it. */
export interface BanDecider {
  /** All bans and failures that are known. */
  states(): BanState[];
  /**
   * Decides the effect of an event, and logs it. The copies get the decision
   * when it is made.
   *
   * @param action The event.
   */
  decide(action: BanAction): void;
}

/** A list of bans. */
export interface BanList {
  /** Its name on every machine, such as `proxy-1`. */
  readonly scope: string;
  /** The rules. */
  readonly settings: BansOptions;
  /**
   * Passes decisions to all copies of this machine.
   *
   * @param states The new states.
   */
  deliver(states: BanState[]): void;
}

/** The fleet of a machine. */
export interface Fleet extends AsyncDisposable {
  /** What all threads need to know of it. */
  readonly memory: FleetMemory;
  /** Whether it needs the permission to write. */
  readonly writes: boolean;
  /**
   * Takes the counts of this machine, whenever there are others than before.
   *
   * @param tables Tables of all threads.
   */
  count(tables: TableMemories): void;
  /**
   * Joins a list of bans.
   *
   * @param list The list.
   * @returns Decides about it.
   */
  bans(list: BanList): BanDecider;
  /** Writes the last counts, gives back what was granted, and leaves. */
  [Symbol.asyncDispose](): Promise<void>;
}
