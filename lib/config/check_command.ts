/**
 * `sluice check`: reports all problems of a configuration.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import type { Command } from "../cli/command.ts";
import { ConfigError, formatProblem } from "../cli/config_error.ts";
import { CONFIG_OPTION, hintAtSetting, readConfigFile } from "./option.ts";
import { loadConfig } from "./load.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import type { OptionValues } from "../cli/option.ts";
import { printLines } from "../cli/print_lines.ts";
import { reportProblems } from "./report_problems.ts";
import { tryConfig } from "./try.ts";

/** Options of `sluice check`. */
export const CHECK_OPTIONS = {
  "config": CONFIG_OPTION,
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const CHECK_COMMAND: Command<typeof CHECK_OPTIONS> = {
  usage: "check -c FILE",
  summary:
    "Reports every mistake in a configuration file with its line, its column and what would be right. It prepares the servers as 'sluice run' would, with their files and secrets, but opens no port and accepts no connection. The exit code is 0, or 2 if there is a mistake.",
  examples: [
    [
      "sluice check -c sluice.jsonc && systemctl reload sluice",
      "check before a reload",
    ],
  ],
  options: CHECK_OPTIONS,
  hint: hintAtSetting,
  run: runCheck,
};

async function runCheck(
  { config: given }: OptionValues<typeof CHECK_OPTIONS>,
): Promise<number> {
  const { path, text } = await readConfigFile(given);
  try {
    const config = await loadConfig(text, path);
    const trial = await tryConfig(config);
    const problems = [
      ...config.problems,
      ...trial.problems,
      ...trial.loops.map(({ problem }) => problem),
    ];
    for (const warning of trial.warnings) {
      printLines([`${path}: warning: ${warning}`]);
    }
    if (problems.length > 0) return reportProblems(path, problems);
    for (const change of trial.changes) {
      const message = `warning: ${change.message}`;
      printLines([formatProblem(path, { ...change, message })]);
    }
    const count = countOf(config.listeners.length, "listener");
    printLines([`${path}: ${count}, nothing wrong`]);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return reportProblems(path, error.problems);
  }
}
