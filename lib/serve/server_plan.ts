/**
 * The servers to run, as plain values: the common form of command lines and
 * files, which a message to another thread can carry.
 *
 * @module
 */

/** A listener to start. */
export interface ListenerPlan {
  /** Its place in the list. */
  readonly index: number;
  /** Name of its command. */
  readonly kindName: string;
  /** Its option values, with secrets. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Servers to start. */
export interface ServerPlan {
  /** Values of the options of the program. */
  readonly program: Readonly<Record<string, unknown>>;
  /** Its listeners; a command has one. */
  readonly listeners: readonly ListenerPlan[];
  /** Whether another plan may replace this one while it runs. */
  readonly isReplaceable: boolean;
}

/** How many listeners another plan has changed. */
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
