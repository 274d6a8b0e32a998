/**
 * State that the threads of a server share.
 *
 * @module
 */

import type { Bans, BansOptions } from "../policy/users/bans.ts";
import type { FleetView } from "./counts/fleet_view.ts";
import type { SharedTable, SharedTableShape } from "../sync/shared/table.ts";

/** One of several threads that run the same server. */
export interface ThreadInfo {
  /**
   * Its number, from 0. A replacement gets the number of the thread that died.
   */
  readonly index: number;
  /** Number of threads. */
  readonly count: number;
}

/** A named counter of all threads. */
export interface Share extends ThreadInfo {
  /** The fleet that counts together (default: this machine alone). */
  readonly fleet: FleetView | undefined;
  /**
   * Returns a table that all threads share.
   *
   * @param name Its name in this share.
   * @param shape Its size.
   */
  table(name: string, shape: Omit<SharedTableShape, "threads">): GivenTable;
  /**
   * Returns bans that apply in all threads.
   *
   * @param settings Which failures lead to a ban.
   * @returns This thread's view of them.
   */
  bans(settings: BansOptions): Bans;
  /**
   * Waits until the other threads have ended, if the whole program ends.
   *
   * @returns Resolves when only this thread still counts.
   */
  othersEnded(): Promise<void>;
}

/** A table that all threads share. */
export interface GivenTable {
  /** The table. */
  readonly table: SharedTable;
  /** Whether this thread created it. */
  readonly isNew: boolean;
}
