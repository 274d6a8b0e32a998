/**
 * The name of a count, in this program and on all machines of a fleet.
 *
 * @module
 */

/** Identifies a count: its listener, its name and its settings. */
export interface CountName {
  /** Name of the listener in this program. */
  readonly listener: string;
  /**
   * The listener's name on every machine of a fleet: its kind and its number
   * within that kind, such as `proxy-1`.
   */
  readonly scope: string;
  /** Name of the count, such as `connections`. */
  readonly what: string;
  /** Its settings as JSON. */
  readonly settings: string;
}

/**
 * Returns the name of a listener on every machine of a fleet.
 *
 * @param kindName Kind of listener, such as `proxy`.
 * @param number Its number within that kind, from 1.
 */
export function scopeOf(kindName: string, number: number): string {
  return `${kindName}-${number}`;
}
