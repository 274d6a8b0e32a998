/**
 * The state that all parts of a fleet share.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { FleetView } from "../serve/counts/fleet_view.ts";
import type { NodeCount } from "../serve/counts/shared_counts.ts";
import type { FleetKeys } from "./keys.ts";
import type { FleetPart, Link } from "./link.ts";
import type { Incarnation, Pulse } from "./pulse.ts";

/** A part that counts in the tables of this machine. */
export interface CountingPart extends FleetPart {
  /**
   * Replaces the counts of this machine. Called when a table is added or
   * removed.
   *
   * @param counts All counts.
   */
  count(counts: readonly NodeCount[]): void;
}

/** The state that every part needs. */
export interface FleetContext {
  /** The link, for calls. */
  readonly link: Link;
  /** Names of keys. */
  readonly keys: FleetKeys;
  /** The fleet as threads see it. */
  readonly view: FleetView;
  /** This run of the program. */
  readonly own: Incarnation;
  /** Changes from other machines. */
  readonly pulse: Pulse;
  /** Receives log events. */
  readonly log: (event: LogEvent) => void;
  /** Clock of the tables in milliseconds. */
  readonly now: () => number;
}
