/**
 * Durations as arguments of the library.
 *
 * @module
 */

import { parseDuration } from "../cli/duration.ts";

/**
 * Converts a duration to milliseconds.
 *
 * @param time A text such as `"30s"`, or milliseconds.
 * @param name Name of the argument, for the error.
 * @returns Milliseconds.
 * @throws {TypeError} If it is not a duration.
 */
export function millisecondsOf(time: string | number, name: string): number {
  if (typeof time === "number" && time >= 0) return time;
  try {
    if (typeof time === "string") return parseDuration(time);
  } catch { /* The error below says it. */ }
  throw new TypeError(
    `"${name}" is ${
      JSON.stringify(time)
    }, which is not a time; write "30s", or milliseconds`,
  );
}
