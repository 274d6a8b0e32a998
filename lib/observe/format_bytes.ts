/**
 * Formats numbers of bytes for people: in the log, in messages, on the admin
 * page, which loads this module too.
 *
 * @module
 */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/**
 * Formats a number of bytes in decimal units.
 *
 * @param bytes The number; may be fractional.
 * @returns For example `0 B`, `1.2 kB`, `30 MB`.
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // A value that would round to four digits gets the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
