/**
 * Prints lines to standard output and standard error.
 *
 * @module
 */

import { type SyncOutput, writeAllSync } from "../net/write_all.ts";
import { escape } from "../observe/escape.ts";

/** Everything but line feed and tab, which whole texts contain. */
const PIECE = /[^\t\n]+/g;

/**
 * Prints lines to standard output. Invisible characters and those that could
 * control a terminal become `\\u001b` and so on, because the text may come from
 * a file.
 *
 * @param lines Lines without line ends.
 */
export function printLines(lines: readonly string[]): void {
  print(Deno.stdout, lines);
}

/**
 * Prints lines to standard error, in the same way as {@linkcode printLines}.
 *
 * @param lines Lines without line ends.
 */
export function printErrors(lines: readonly string[]): void {
  print(Deno.stderr, lines);
}

function print(output: SyncOutput, lines: readonly string[]): void {
  const text = (lines.join("\n") + "\n").replace(PIECE, escape);
  writeAllSync(output, new TextEncoder().encode(text));
}
