/**
 * Times as the library takes them.
 *
 * @module
 */

import { parseDuration } from "../cli/duration.ts";

/**
 * Gives a time in milliseconds.
 *
 * @param time A text such as `"30s"`, or milliseconds.
 * @param name What it is, for the error.
 * @returns Milliseconds.
 * @throws {TypeError} If it is no time.
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
