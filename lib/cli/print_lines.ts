/**
 * Lines on standard output and standard error, for a person or a program.
 *
 * @module
 */

import { type SyncOutput, writeAllSync } from "../net/write_all.ts";
import { escape } from "../observe/escape.ts";

/** All but line feed and tab, which a file as a whole may have. */
const PIECE = /[^\t\n]+/g;

/**
 * Prints lines to standard output. What could drive a terminal, or be seen by
 * nobody, is written as `\\u001b` and so on: it may come from a file.
 *
 * @param lines Lines without their ends.
 */
export function printLines(lines: readonly string[]): void {
  print(Deno.stdout, lines);
}

/**
 * Prints lines to standard error, as {@linkcode printLines} does.
 *
 * @param lines Lines without their ends.
 */
export function printErrors(lines: readonly string[]): void {
  print(Deno.stderr, lines);
}

function print(output: SyncOutput, lines: readonly string[]): void {
  const text = (lines.join("\n") + "\n").replace(PIECE, escape);
  writeAllSync(output, new TextEncoder().encode(text));
}
