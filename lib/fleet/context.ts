/**
 * What the parts of a fleet have in common.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { FleetView } from "../serve/counts/fleet_view.ts";
import type { NodeCount } from "../serve/counts/shared_counts.ts";
import type { FleetKeys } from "./keys.ts";
import type { FleetPart, Link } from "./link.ts";
import type { Incarnation, Pulse } from "./pulse.ts";

/** A part that counts something for the tables of this machine. */
export interface CountingPart extends FleetPart {
  /**
   * Takes the counts of this machine, whenever there are others than before.
   *
   * @param counts All of them.
   */
  count(counts: readonly NodeCount[]): void;
}

/** What every part needs. */
export interface FleetContext {
  /** The link, for calls. */
  readonly link: Link;
  /** Names of keys. */
  readonly keys: FleetKeys;
  /** What threads see. */
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
