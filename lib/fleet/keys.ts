/**
 * Names of the keys in Redis. All keys of a fleet have one hash tag, so that
 * one server holds them all.
 *
 * @module
 */

/**
 * Version of the data in the keys. Machines with another version do not read
 * it.
 */
const VERSION = 1;

/** Makes the names of the keys of a fleet. */
export class FleetKeys {
  readonly #prefix: string;

  /**
   * Prepares the prefix.
   *
   * @param fleet Name of the fleet.
   */
  constructor(fleet: string) {
    this.#prefix = `sluice:${VERSION}:{${fleet}}`;
  }

  /**
   * Makes a name.
   *
   * @param parts Its parts; only the last may contain a colon.
   * @returns For example `sluice:1:{main}:nodes`.
   */
  of(...parts: string[]): string {
    return [this.#prefix, ...parts].join(":");
  }
}
