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
  /** Its number, from 0; that of one that has died is another's later. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/** A named count of all threads. */
export interface Share extends ThreadInfo {
  /** The fleet that counts together (default: this machine counts alone). */
  readonly fleet: FleetView | undefined;
  /**
   * Gives a table that all threads see.
   *
   * @param name Its name in this share.
   * @param shape How large it is.
   * @returns The table.
   */
  table(name: string, shape: Omit<SharedTableShape, "threads">): GivenTable;
  /**
   * Gives bans that hold in all threads.
   *
   * @param settings What leads to one.
   * @returns This thread's copy.
   */
  bans(settings: BansOptions): Bans;
  /**
   * Waits, where the whole program ends, until the other threads have.
   *
   * @returns When nobody counts any more but this thread.
   */
  othersEnded(): Promise<void>;
}

/** A table that all threads see. */
export interface GivenTable {
  /** The table. */
  readonly table: SharedTable;
  /** Whether this thread has made it. */
  readonly isNew: boolean;
}
