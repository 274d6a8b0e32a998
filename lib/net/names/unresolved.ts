/**
 * The error of a name without addresses.
 *
 * @module
 */

import { DialError } from "../dial_error.ts";

/**
 * Makes the error of a name without addresses.
 *
 * @param kind Whether no server answers, or the name has none.
 * @param name Name as asked for.
 * @param why What is wrong, in a few words.
 * @param options The error behind it, if there is one.
 */
export function unresolved(
  kind: "name not found" | "resolver failed",
  name: string,
  why: string,
  options?: ErrorOptions,
): DialError {
  return new DialError(kind, `Cannot resolve ${name}: ${why}`, options);
}
