/**
 * What a count is called, in this program and on all machines of a fleet.
 *
 * @module
 */

/** Where something is counted. */
export interface CountName {
  /** Name of the listener in this program. */
  readonly listener: string;
  /**
   * Its name on every machine of a fleet: its kind, and its number among those
   * of that kind, such as `proxy-1`.
   */
  readonly scope: string;
  /** Name of the count, such as `connections`. */
  readonly what: string;
  /** Its settings as JSON. */
  readonly settings: string;
}

/**
 * Names a listener on every machine of a fleet.
 *
 * @param kindName Its kind.
 * @param number Its number among those of that kind, from 1.
 */
export function scopeOf(kindName: string, number: number): string {
  return `${kindName}-${number}`;
}
