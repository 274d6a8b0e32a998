/**
 * The interface of the room `fleet/`, which counts together with other
 * machines. Servers never use it directly: they call `host.keep()`, which keeps
 * a count in this thread, in the threads of this machine or in a fleet.
 *
 * @module
 */

import type { BansOptions, BanState } from "../../policy/users/bans.ts";
import type { BanAction } from "../../policy/users/replicated_bans.ts";
import type { TableMemories } from "./shared_counts.ts";
import type { FleetNodes } from "./fleet_nodes.ts";
import type { FleetMemory } from "./fleet_view.ts";

/** Decides about one ban list, for all its copies. */
export interface BanDecider {
  /** Returns all known bans and failures. */
  states(): BanState[];
  /**
   * Decides the effect of an event, and logs it. The copies receive the
   * decision as soon as it is made.
   *
   * @param action The event.
   */
  decide(action: BanAction): void;
}

/** A ban list. */
export interface BanList {
  /** Its name on every machine, such as `proxy-1`. */
  readonly scope: string;
  /** The rules. */
  readonly settings: BansOptions;
  /** Passes decisions to all copies of this machine. */
  deliver(states: BanState[]): void;
}

/** The fleet of a machine. */
export interface Fleet extends AsyncDisposable {
  /** The state of the fleet that all threads read. */
  readonly memory: FleetMemory;
  /** The machines of the fleet. */
  readonly nodes: FleetNodes;
  /** Whether Deno needs `--allow-write` to reach Redis. */
  readonly writes: boolean;
  /**
   * Replaces the counts of this machine. Called when a table is added or
   * removed.
   *
   * @param tables Tables of all threads.
   */
  count(tables: TableMemories): void;
  /**
   * Joins a ban list.
   *
   * @returns The decider for this list.
   */
  bans(list: BanList): BanDecider;
  /** Writes the last counts, returns granted places and rates, and leaves. */
  [Symbol.asyncDispose](): Promise<void>;
}
