/**
 * `sluice run`: several listeners in one program, from one file.
 *
 * @module
 */

import { prepareCLibrary } from "../net/system/c_library.ts";
import type { Command } from "../cli/command.ts";
import { listenForHangups } from "../cli/hangups.ts";
import { ConfigError } from "../cli/config_error.ts";
import { ConfigFile } from "../config/file.ts";
import {
  CONFIG_OPTION,
  hintAtSetting,
  readConfigFile,
} from "../config/option.ts";
import { loadConfig } from "../config/load.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { flag } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { reportProblems } from "../config/report_problems.ts";
import { planOf } from "../config/plan.ts";
import { RunningConfig } from "../config/run.ts";
import { ThreadedConfig } from "../config/threaded_config.ts";
import { runLife } from "./life.ts";
import { requireGood } from "../config/try.ts";

/** Options of `sluice run`. */
export const RUN_OPTIONS = {
  "config": CONFIG_OPTION,
  "watch": flag("apply the file whenever it changes, not only on SIGHUP"),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const RUN_COMMAND: Command<typeof RUN_OPTIONS> = {
  usage: "run -c FILE [--watch]",
  summary:
    "Runs the servers of a configuration file in one program. On SIGHUP it rereads the file and applies the changes: connections stay open, and a file with mistakes changes nothing.",
  examples: [
    ["sluice config example > sluice.jsonc", "write a file to start from"],
    ["sluice check -c sluice.jsonc", "all that is wrong with it"],
    ["sluice run -c sluice.jsonc", "runs it"],
  ],
  options: RUN_OPTIONS,
  hint: hintAtSetting,
  run: runConfig,
};

async function runConfig(
  options: OptionValues<typeof RUN_OPTIONS>,
): Promise<number> {
  using hangups = listenForHangups(); // Survives SIGHUP in the trial.
  const { path, text } = await readConfigFile(options.config);
  try {
    const config = await loadConfig(text, path);
    // Runs before the admin listener takes its port, so that all problems are
    // reported.
    const trial = await requireGood(config);
    const spread = config.program.workers > 1
      ? new ThreadedConfig(config, trial)
      : undefined;
    let running: RunningConfig | undefined;
    return await runLife(config.program, {
      hangups,
      plan: () => Promise.resolve(planOf(config)),
      async start(host) {
        prepareCLibrary(); // It needs a permission that the server drops next.
        running = new RunningConfig(host);
        await running.apply(config, trial);
        return running;
      },
      openFile: (serving, log) =>
        ConfigFile.open(path, spread?.over(serving) ?? running!, {
          ...{ config, isWatched: options.watch, log },
        }),
      config: () => (spread ?? running!).printable,
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return reportProblems(path, error.problems);
  }
}
