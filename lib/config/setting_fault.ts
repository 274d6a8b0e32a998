/**
 * Faults of settings, and their place in the file.
 *
 * @module
 */

import { PROGRAM_OPTIONS } from "../serve/options/program.ts";
import type { ConfigProblem } from "../cli/config_error.ts";
import { OptionError } from "../cli/usage_error.ts";
import type { Config, ListenerConfig } from "./load.ts";

/** What is wrong or worth knowing, and the setting concerned. */
export interface SettingFault {
  /** The listener; `undefined` for the program. */
  listener?: ListenerConfig | undefined;
  /** The option (default: the listener itself, or `admin` of the program). */
  option?: string | undefined;
  /** What is wrong and what to write, as on the command line. */
  message: string;
}

/**
 * Converts a fault into a problem at its place in the file.
 *
 * @param fault What is wrong.
 * @returns The problem, with settings spelled as in a file.
 */
export function problemOf(
  config: Config,
  { listener, option, message }: SettingFault,
): ConfigProblem {
  if (listener === undefined) {
    const text = config.spell(message, PROGRAM_OPTIONS);
    return config.problem([option ?? "admin"], text);
  }
  const { index, kind: { options, words } } = listener;
  const path = ["listeners", index];
  const text = config.spell(message, options);
  if (option === undefined) return config.problem(path, text);
  const settings = option === words?.operand
    ? [option, words.first, words.rest]
    : [option];
  const there = settings.find((setting) => listener.says(setting));
  return config.problem([...path, there ?? option], text);
}

/**
 * Converts an error of a start into a problem.
 *
 * @param listener The listener that failed; `undefined` for the program.
 * @param error Any error.
 * @returns The problem, at the setting concerned.
 * @throws `error`, if it is an internal error.
 */
export function startProblem(
  config: Config,
  listener: ListenerConfig | undefined,
  error: unknown,
): ConfigProblem {
  if (error instanceof OptionError) {
    const { fault, option } = error;
    return problemOf(config, { listener, option, message: fault });
  }
  if (!(error instanceof SyntaxError)) throw error;
  return problemOf(config, { listener, message: error.message });
}
