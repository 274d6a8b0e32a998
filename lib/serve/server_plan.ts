/**
 * Which servers to run, as plain values: what a command line and a file both
 * come to, and what a message to another thread can carry.
 *
 * @module
 */

/** A listener to start. */
export interface ListenerPlan {
  /** Its place in the list. */
  readonly index: number;
  /** Name of the command that it is. */
  readonly kindName: string;
  /** What is given to the options of that, with secrets. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Servers to start. */
export interface ServerPlan {
  /** Values of the options of the program. */
  readonly program: Readonly<Record<string, unknown>>;
  /** Its listeners; a command has one. */
  readonly listeners: readonly ListenerPlan[];
  /** Whether another plan may take the place of this one while it runs. */
  readonly isReplaceable: boolean;
}

/** How many listeners another plan has changed. */
export interface PlanChange {
  /** Listeners that are new. */
  added: number;
  /** Listeners with new settings, for new connections. */
  changed: number;
  /** Listeners that are gone; their connections have the drain time. */
  removed: number;
  /** Listeners that are as they were. */
  unchanged: number;
}
