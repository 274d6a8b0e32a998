/**
 * Which versions of the runtime Sluice works on.
 *
 * @module
 */

/** Older ones lack something without which Sluice would err, or only some. */
export const NEEDED_RUNTIME = "2.9.0";

/** What the tests of this version ran on. */
export const TESTED_RUNTIME = "2.9.6";

/**
 * Compares two versions.
 *
 * @param version For example `2.9.4`; what follows the third number, such as
 *   `+14eea31`, is ignored.
 * @param least What it is compared with.
 * @returns Whether it is older.
 */
export function isOlder(version: string, least: string): boolean {
  const parts = version.split(/[.+-]/).map(Number);
  for (const [index, part] of least.split(".").map(Number).entries()) {
    const difference = (parts[index] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
