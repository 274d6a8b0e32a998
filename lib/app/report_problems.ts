/**
 * What is wrong with a configuration, on standard error.
 *
 * @module
 */

import {
  ConfigError,
  type ConfigProblem,
  problemLines,
} from "./config_error.ts";

/** Exit code of a configuration that can't be used. */
const EXIT_PROBLEMS = 2;

/**
 * Prints problems, in the order of the file.
 *
 * @param path Path of the file.
 * @param problems The problems; one at least.
 * @returns Exit code.
 */
export function reportProblems(
  path: string,
  problems: readonly ConfigProblem[],
): number {
  const lines = problemLines(path, new ConfigError(problems));
  const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
  for (let count = 0; count < bytes.length;) {
    count += Deno.stderr.writeSync(bytes.subarray(count));
  }
  return EXIT_PROBLEMS;
}
