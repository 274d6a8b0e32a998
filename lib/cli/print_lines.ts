/**
 * Prints to standard output and standard error.
 *
 * @module
 */

import { type SyncOutput, writeAllSync } from "../net/write_all.ts";
import { errorCode } from "../observe/error_code.ts";
import { escape } from "../observe/escape.ts";
import { explainError } from "../observe/explain_error.ts";
import { StartError } from "./usage_error.ts";

/** Everything but line feed and tab, which whole texts contain. */
const PIECE = /[^\t\n]+/g;

/**
 * Prints lines to standard output. Invisible characters and those that could
 * control a terminal become `\\u001b` and so on, because the text may come from
 * a file.
 *
 * @param lines Lines without line ends.
 * @throws What {@linkcode printText} throws.
 */
export function printLines(lines: readonly string[]): void {
  printText(escapeLines(lines));
}

/**
 * Prints text to standard output as it is.
 *
 * @param text The text, with its line ends.
 * @throws {Deno.errors.BrokenPipe} If nobody reads it any more.
 * @throws {StartError} If it cannot be written, for example to a full disk.
 */
export function printText(text: string): void {
  try {
    write(Deno.stdout, text);
  } catch (cause) {
    const isSystems = errorCode(cause) !== undefined;
    if (!isSystems || cause instanceof Deno.errors.BrokenPipe) throw cause;
    const why = explainError(cause);
    throw new StartError(`Cannot write to standard output: ${why}`, { cause });
  }
}

/**
 * Prints lines to standard error, in the same way as {@linkcode printLines}.
 *
 * @param lines Lines without line ends.
 */
export function printErrors(lines: readonly string[]): void {
  write(Deno.stderr, escapeLines(lines));
}

function escapeLines(lines: readonly string[]): string {
  return (lines.join("\n") + "\n").replace(PIECE, escape);
}

function write(output: SyncOutput, text: string): void {
  writeAllSync(output, new TextEncoder().encode(text));
}
