/**
 * A command that can't be started.
 *
 * @module
 */

import { quote } from "../wire/quote.ts";

/** Error number of a missing file (errno(3)). */
export const ENOENT = 2;

/** Error number of a file that may not be run (errno(3)). */
export const EACCES = 13;

/** Exit codes of a shell (POSIX, 2.8.2). */
const EXIT = { notFound: 127, notExecutable: 126 } as const;

/** A command that can't be started. */
export class NotStarted extends Error {
  /** A shell's exit code for the same failure. */
  readonly exitCode: number;

  /**
   * Constructs an error.
   *
   * @param failure Error number (errno(3)).
   */
  constructor(program: string, failure: number) {
    super(`Cannot run ${quote(program)}: ${describe(program, failure)}`);
    this.name = "NotStarted";
    this.exitCode = failure === ENOENT ? EXIT.notFound : EXIT.notExecutable;
  }
}

function describe(program: string, failure: number): string {
  if (failure === ENOENT) {
    return program.includes("/")
      ? "there is no such file, or the interpreter in its first line is missing"
      : "no folder in PATH has this program";
  }
  if (failure === EACCES) return "it is a folder, or not executable";
  return `the system does not run it (error ${failure})`;
}
