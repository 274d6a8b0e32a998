/**
 * The servers to run, as plain values for command lines and files alike. They
 * can be sent to another thread.
 *
 * @module
 */

/** A listener to start. */
export interface ListenerPlan {
  /** Its place in the list. */
  readonly index: number;
  /** Name of its command. */
  readonly kindName: string;
  /** Its option values, including secrets. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Servers to start. */
export interface ServerPlan {
  /** Values of the options of the program. */
  readonly program: Readonly<Record<string, unknown>>;
  /** Its listeners; a command has one. */
  readonly listeners: readonly ListenerPlan[];
  /** Whether another plan may replace this one at run time. */
  readonly isReplaceable: boolean;
}

/** The number of listeners that a new plan changed. */
export interface PlanChange {
  /** Listeners that are new. */
  added: number;
  /** Listeners with new settings, for new connections. */
  changed: number;
  /** Removed listeners; their connections are drained. */
  removed: number;
  /** Unchanged listeners. */
  unchanged: number;
}
