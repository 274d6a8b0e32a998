/**
 * Starts what a thread is to run.
 *
 * @module
 */

import { prepareCLibrary } from "../net/system/c_library.ts";
import { COMMANDS } from "./commands.ts";
import { parseOptions } from "../cli/parse_options.ts";
import type { StartedServer } from "./run_server.ts";
import type { Hosting } from "./start_hosted.ts";
import type { ServerCommand } from "../cli/command.ts";
import type { OptionTable } from "../cli/option.ts";
import type { RunningConfig } from "../config/run.ts";
import type { PlainConfig, WorkerTask } from "../workers/message.ts";

/** What runs. */
export interface RunningTask {
  /** The server, or all of them as one. */
  started: StartedServer;
  /** The configuration, where it is one. */
  config: ChangeableTask | undefined;
}

/** A configuration that runs. */
export interface ChangeableTask
  extends Pick<RunningConfig, "banner" | "writes"> {
  /**
   * Takes another configuration.
   *
   * @param config That.
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  apply(config: PlainConfig): ReturnType<RunningConfig["apply"]>;
}

/**
 * Starts it.
 *
 * @param task What it is.
 * @param hosting Where it runs.
 * @returns What runs.
 * @throws {UsageError} If options don't go together.
 * @throws {ConfigError} If there is a problem in the configuration.
 * @throws {StartError} If the machine does not have or allow what it needs.
 */
export async function startTask(
  task: WorkerTask,
  hosting: Hosting,
): Promise<RunningTask> {
  if ("command" in task) {
    const started = await startCommand(task, hosting);
    return { started, config: undefined };
  }
  // What reads configurations is loaded for who has one only.
  const [{ configOf }, { RunningConfig }] = await Promise.all([
    import("../config/plain.ts"),
    import("../config/run.ts"),
  ]);
  prepareCLibrary(); // With a permission that the supervisor drops next.
  const running = new RunningConfig(hosting);
  await running.apply(await configOf(task.config));
  const { banner } = running;
  return {
    started: { running, banner, files: [running] },
    config: {
      get banner() {
        return running.banner;
      },
      get writes() {
        return running.writes;
      },
      apply: async (plain) => await running.apply(await configOf(plain)),
    },
  };
}

async function startCommand(
  { command: name, args }: Extract<WorkerTask, { command: string }>,
  { host, log }: Hosting,
): Promise<StartedServer> {
  const command = await COMMANDS[name]!.load() as ServerCommand<OptionTable>;
  const options = await parseOptions([...args], command.options);
  let started: StartedServer | undefined;
  await command.run(options, async (_options, start) => {
    started = await start(log, host);
    return 0;
  });
  return started!;
}
