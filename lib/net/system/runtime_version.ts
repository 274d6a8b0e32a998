/**
 * The versions of the runtime on which Sluice works.
 *
 * @module
 */

/** Older versions lack something that Sluice needs. */
export const NEEDED_RUNTIME = "2.9.0";

/** The version that the tests ran on. */
export const TESTED_RUNTIME = "2.9.6";

/**
 * Compares two versions.
 *
 * @param version For example `2.9.4`; a suffix such as `+14eea31` is ignored.
 * @param least The version to compare with.
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
