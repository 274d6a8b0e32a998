/**
 * The life of a server in several threads: this one supervises, and serves
 * nobody.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { announce } from "../serve/announcement.ts";
import { ConfigError } from "../cli/config_error.ts";
import type { ChangeableConfig } from "../config/file.ts";
import type { Config } from "../config/load.ts";
import { logOptionsOf, openLog } from "./log_sink.ts";
import { OperatorSignals } from "./operator_signals.ts";
import type { Parts } from "../admin/parts.ts";
import { plainConfig } from "../config/plain.ts";
import {
  dropPermissions,
  sayNothingToReload,
  spareStacks,
  surviveMistakes,
} from "./process_life.ts";
import type { LifeOptions } from "./run_server.ts";
import {
  listenForSignals,
  runUntilSignal,
  type StopSignals,
} from "./run_until_signal.ts";
import { openServiceManager } from "../serve/service_manager.ts";
import type { FileText } from "../cli/settled_text.ts";
import { type Reloadable, watchFiles } from "../cli/watch_files.ts";
import { openWatching } from "../admin/watching.ts";
import type { WorkerTask } from "../workers/message.ts";
import {
  type WatchLink,
  Workers,
  type WorkersOptions,
} from "../workers/workers.ts";

/** What is said of the supervisor by its file. */
export interface ConfigWorkersOptions {
  /** Path of the file. */
  path: string;
  /** Whether a change of it is noticed. */
  isWatched: boolean;
}

/** A command that is to run in several threads. */
export interface CommandWorkers {
  /** Its name. */
  command: string;
  /** Its arguments, which each thread reads itself. */
  args: readonly string[];
  /** The module that threads begin with (default: the program's own). */
  entry?: string;
  /** How often threads are looked at, and how long they may be silent. */
  times?: WorkersOptions["times"];
}

/** What is to run. */
interface Plan {
  task: WorkerTask;
  entry?: string | undefined;
  times?: WorkersOptions["times"];
  count: number;
  /** Makes what is looked at of the running threads (default: their files). */
  files?: (
    workers: Workers,
    log: (event: LogEvent) => void,
  ) => Promise<Reloadable[]>;
  /** Tells what is in force, without secrets (default: the options). */
  config?: () => unknown;
}

/**
 * Runs a command in several threads until it is told to stop.
 *
 * @param options What the command line says.
 * @param what The command.
 * @returns Exit code: 0, or 1 where the shutdown cut connections.
 * @throws {UsageError} If the options don't go together.
 * @throws {StartError} If the machine does not have or allow what it needs, or
 *   threads die faster than they can be replaced.
 */
export function runCommandWorkers(
  options: Readonly<Record<string, unknown>>,
  { entry, times, ...task }: CommandWorkers,
): Promise<number> {
  // Every command that has the option runs a server.
  const life = options as unknown as LifeOptions;
  const count = options["workers"] as number;
  return runWorkers(life, { task, count, entry, times });
}

/**
 * Runs the listeners of a configuration in several threads.
 *
 * @param config The configuration.
 * @param options Its file.
 * @returns Exit code.
 * @throws {ConfigError} If there is a problem in it.
 * @throws {StartError} If the machine does not have or allow what it needs, or
 *   threads die faster than they can be replaced.
 */
export async function runConfigWorkers(
  config: Config,
  { path, isWatched }: ConfigWorkersOptions,
): Promise<number> {
  const texts = await requireGood(config);
  let inForce = config;
  return await runWorkers(config.program, {
    task: { config: plainConfig(config) },
    count: config.program.workers,
    async files(workers, log) {
      const { ConfigFile } = await import("../config/file.ts");
      const note = (config: Config) => inForce = config;
      const running = changeable(workers, texts, note);
      const options = { config, isWatched, log };
      return [await ConfigFile.open(path, running, options)];
    },
    config: () => inForce.printable,
  });
}

async function runWorkers(
  options: LifeOptions,
  { config, count, entry, files, task, times }: Plan,
): Promise<number> {
  const logging = logOptionsOf(options);
  const log = openLog({ ...logging, isShared: true });
  using signals = listenForSignals();
  surviveMistakes(log.write);
  spareStacks();
  using manager = await openServiceManager(log.write);
  const stop = new OperatorSignals(signals);
  await using watching = await openWatching(options, log.write, {
    drain: () => stop.raise(),
  }, { hasWorkers: true });
  const workers = new Workers({
    ...{ count, entry, logging, task, times },
    log: log.write,
    watch: watching.parts && await linksTo(watching.parts),
  });
  await workers.start();
  try {
    const all = await files?.(workers, log.write) ?? workers.files;
    await using _watching = watchFiles(all, {
      onIdleSignal: () => sayNothingToReload(log.write),
      onSignal: (done) => manager.reloading(done),
    });
    const running = watching.start({
      running: workers,
      files: all,
      ...config === undefined ? {} : { config },
    });
    dropPermissions({
      keepWrite: workers.writes || watching.writes,
      keepFfi: workers.hasInherited,
    });
    const banner = [...workers.banner, `Workers: ${count}`];
    announce([...banner, ...watching.banner], log.write);
    const ready = manager.ready(answering(running, workers));
    const code = await Promise.race([
      workers.failed,
      runUntilSignal(
        ready,
        counted(stop, workers),
        options["drain-timeout"],
        log.write,
      ),
    ]);
    await workers.close();
    return code;
  } finally {
    workers.end();
    await log.flush();
  }
}

/** Makes the links between threads and whoever watches them. */
async function linksTo(
  parts: Parts,
): Promise<(thread: number) => WatchLink> {
  // Loaded for who wants it only: the start of others is quicker.
  const [{ RemotePart }, { SharedCounter }] = await Promise.all([
    import("../admin/remote_part.ts"),
    import("../sync/shared/counter.ts"),
  ]);
  const { memory } = new SharedCounter();
  return (thread) => {
    const { port1, port2 } = new MessageChannel();
    const part = new RemotePart(port1, { worker: thread + 1 });
    let remove: (() => Promise<void>) | undefined;
    return {
      port: port2,
      ids: memory,
      serve() {
        remove = parts.add(part);
      },
      async end(isDead) {
        if (isDead) part.close();
        await remove?.();
      },
    };
  };
}

/** The number of connections is asked for when it is said. */
function counted(signals: StopSignals, workers: Workers): StopSignals {
  let isFirst = true;
  return {
    async next() {
      const signal = await signals.next();
      if (isFirst) await workers.refresh();
      isFirst = false;
      return signal;
    },
    [Symbol.dispose]() {},
  };
}

function answering(
  running: Parameters<typeof runUntilSignal>[0],
  workers: Workers,
) {
  return {
    get connections() {
      return running.connections;
    },
    get isAnswering() {
      return workers.isAnswering;
    },
    shutdown: (deadline: number) => running.shutdown(deadline),
  };
}

function changeable(
  workers: Workers,
  texts: FileTexts,
  note: (config: Config) => void,
): ChangeableConfig {
  let known = texts;
  let change = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  return {
    get change() {
      return change;
    },
    async apply(config) {
      known = await requireGood(config, known);
      change = await workers.apply(plainConfig(config));
      note(config);
      return change;
    },
    poll: () => workers.poll(0),
    reload: () => workers.reload(0),
  };
}

/** What files of listeners held, by path. */
type FileTexts = ReadonlyMap<string, FileText>;

/** What is wrong is found here, with its place in the file. */
async function requireGood(
  config: Config,
  known?: FileTexts,
): Promise<FileTexts> {
  const { tryConfig } = await import("../config/try.ts");
  const trial = await tryConfig(config, {
    before: known,
    isRunning: known !== undefined,
  });
  const problems = [...config.problems, ...trial.problems];
  if (problems.length > 0) throw new ConfigError(problems);
  return new Map([...trial.files.values()].flatMap((texts) => [...texts]));
}
