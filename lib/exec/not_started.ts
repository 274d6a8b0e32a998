/**
 * A command that could not be started.
 *
 * @module
 */

import { quote } from "../wire/quote.ts";

/** Numbers of failures (errno(3)). */
const ENOENT = 2;
const EACCES = 13;

/** What a shell exits with (POSIX, 2.8.2). */
const EXIT = { notFound: 127, notExecutable: 126 } as const;

/** A command that could not be started. */
export class NotStarted extends Error {
  /** What a shell would exit with. */
  readonly exitCode: number;

  /**
   * Constructs an error.
   *
   * @param program The program.
   * @param failure Number of the failure (errno(3)).
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
