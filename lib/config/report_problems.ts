/**
 * Prints problems of a configuration on standard error.
 *
 * @module
 */

import {
  ConfigError,
  type ConfigProblem,
  problemLines,
} from "../cli/config_error.ts";
import { printErrors } from "../cli/print_lines.ts";

/** Exit code for an unusable configuration. */
const EXIT_PROBLEMS = 2;

/**
 * Prints problems, in the order of the file.
 *
 * @param path Path of the file.
 * @param problems One or more problems.
 * @returns Exit code.
 */
export function reportProblems(
  path: string,
  problems: readonly ConfigProblem[],
): number {
  printErrors(problemLines(path, new ConfigError(problems)));
  return EXIT_PROBLEMS;
}
