/**
 * Describes errors in the words of the log.
 *
 * @module
 */

import { explainError } from "./explain_error.ts";

/** Socket errors, by what the other side did. */
const WORDS: readonly [abstract new () => Error, string][] = [
  [Deno.errors.ConnectionReset, "connection reset"],
  [Deno.errors.ConnectionAborted, "connection aborted"],
  [Deno.errors.BrokenPipe, "connection closed while written to"],
  [Deno.errors.NotConnected, "connection gone"],
  [Deno.errors.TimedOut, "connection timed out"],
  [Deno.errors.UnexpectedEof, "client closed"],
];

/**
 * Describes an error in a few words.
 *
 * @param error Any thrown value.
 * @returns One line, without a stack. It may contain text from a client.
 */
export function describeError(error: unknown): string {
  for (const [constructor, words] of WORDS) {
    if (error instanceof constructor) return words;
  }
  return explainError(error);
}
