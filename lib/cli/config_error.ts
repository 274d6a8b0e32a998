/**
 * What is wrong with a configuration: all of it, each with its place.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";

/** The way to a value in a configuration: keys and indexes. */
export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong. */
export interface ConfigProblem {
  /** The value that it is about. */
  path: ConfigPath;
  /** Line, from 1. */
  line: number;
  /** Column in characters, from 1. */
  column: number;
  /** What is wrong and what was expected; without secrets. */
  message: string;
}

/** A configuration that can't be used. */
export class ConfigError extends SyntaxError {
  /** All that is wrong, in the order of the file. */
  readonly problems: readonly ConfigProblem[];

  /**
   * Constructs an error.
   *
   * @param problems What is wrong; one at least.
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
 * Formats a problem as compilers do.
 *
 * @param file Name of the file.
 * @param problem What is wrong.
 * @returns For example `sluice.jsonc:3:21: listeners[0].listen: …`.
 */
export function formatProblem(file: string, problem: ConfigProblem): string {
  const { path, line, column, message } = problem;
  const where = formatPath(path);
  const what = where === "" ? message : `${where}: ${message}`;
  return `${file}:${line}:${column}: ${what}`;
}

/**
 * Tells what is wrong with a configuration.
 *
 * @param path Path of its file.
 * @param error What was thrown.
 * @returns A line for each problem.
 */
export function problemLines(path: string, error: unknown): string[] {
  if (!(error instanceof ConfigError)) return [(error as Error).message];
  return error.problems.map((problem) => formatProblem(path, problem));
}

/**
 * Formats the way to a value.
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
