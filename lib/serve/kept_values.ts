/**
 * Values that survive a change of a server's other settings.
 *
 * @module
 */

/** A value and its settings. */
interface Kept {
  settings: string;
  value: object;
}

/** Which value to take, and how to create it. */
export interface KeptValue<T extends object> {
  /** Its name. */
  what: string;
  /** Its own settings; a different value is created when they change. */
  given: unknown;
  /** Where to look for an earlier value (default: these values). */
  from?: KeptValues | undefined;
  /**
   * Creates the value.
   *
   * @param settings Its settings as JSON.
   * @param replaced Settings of the value that it replaces.
   */
  make(settings: string, replaced: string | undefined): T;
}

/** Values by their names. */
export class KeptValues {
  readonly #all = new Map<string, Kept>();

  /**
   * Takes the earlier value if its settings are the same, or creates one.
   *
   * @typeParam T Type of the value.
   * @param kept Which value, and how to create it.
   * @returns The earlier or the new value.
   */
  take<T extends object>(
    { from = this, given, make, what }: KeptValue<T>,
  ): T {
    const settings = JSON.stringify(given);
    const before = from.#all.get(what);
    const value = before?.settings === settings
      ? before.value
      : make(settings, before?.settings);
    this.#all.set(what, { settings, value });
    return value as T;
  }
}
