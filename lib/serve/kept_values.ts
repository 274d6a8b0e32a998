/**
 * Values that a server keeps when its other settings change.
 *
 * @module
 */

/** A value, and what it was made from. */
interface Kept {
  settings: string;
  value: object;
}

/** What to keep. */
export interface KeptValue<T extends object> {
  /** Its name. */
  what: string;
  /** Its own settings: others make another one. */
  given: unknown;
  /** Values to take it from (default: the same). */
  from?: KeptValues | undefined;
  /**
   * Makes it.
   *
   * @param settings Its settings, as text.
   * @param replaced Those of the value whose place it takes.
   */
  make(settings: string, replaced: string | undefined): T;
}

/** Values by their names. */
export class KeptValues {
  readonly #all = new Map<string, Kept>();

  /**
   * Takes a value that was kept, or makes it.
   *
   * @typeParam T What it is.
   * @param kept What it is.
   * @returns The one that was kept, if its settings are the same.
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
