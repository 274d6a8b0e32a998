/**
 * Reports all problems of a configuration, each with its place.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";

/** The path to a value in a configuration: keys and indexes. */
export type ConfigPath = readonly (string | number)[];

/** One problem. */
export interface ConfigProblem {
  /** Path to the value. */
  path: ConfigPath;
  /** Line, from 1. */
  line: number;
  /** Column in characters, from 1. */
  column: number;
  /** What is wrong and what would be right; without secrets. */
  message: string;
}

/** A configuration with problems. */
export class ConfigError extends SyntaxError {
  /** All problems, in the order of the file. */
  readonly problems: readonly ConfigProblem[];

  /**
   * Constructs an error.
   *
   * @param problems The problems; at least one.
   */
  constructor(problems: readonly ConfigProblem[]) {
    super(`it has ${countOf(problems.length, "problem")}`);
    this.name = "ConfigError";
    this.problems = problems.toSorted((one, other) =>
      one.line - other.line || one.column - other.column
    );
  }
}

/**
 * Formats a problem in the style of compilers.
 *
 * @param file Name of the file.
 * @returns For example `sluice.jsonc:3:21: listeners[0].listen: …`.
 */
export function formatProblem(file: string, problem: ConfigProblem): string {
  const { path, line, column, message } = problem;
  const where = formatPath(path);
  const what = where === "" ? message : `${where}: ${message}`;
  return `${file}:${line}:${column}: ${what}`;
}

/**
 * Formats all problems of a configuration.
 *
 * @param path Path of the file.
 * @param error Any thrown error.
 * @returns One line for each problem.
 */
export function problemLines(path: string, error: unknown): string[] {
  if (!(error instanceof ConfigError)) return [(error as Error).message];
  return error.problems.map((problem) => formatProblem(path, problem));
}

/**
 * Formats the path to a value.
 *
 * @param path Keys and indexes.
 * @returns For example `listeners[0].listen`.
 */
export function formatPath(path: ConfigPath): string {
  return path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    const name = /^[\w$-]{1,60}$/.test(part) ? part : JSON.stringify(part);
    return index === 0 ? name : `.${name}`;
  }).join("");
}
