/**
 * The life of a program that serves: start, announce, serve until a signal,
 * drain. It is the same for one listener and many, in one thread and several.
 *
 * @module
 */

import { openWatchers, type Watchers } from "../admin/watchers.ts";
import type { OptionTable, OptionValues } from "../cli/option.ts";
import { type Hangups, listenForHangups } from "../cli/hangups.ts";
import { listenForSignals } from "../cli/stop_signals.ts";
import { type Reloadable, watchFiles } from "../cli/watch_files.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import { announce } from "../serve/announcement.ts";
import { requireInheritedTaken } from "../serve/inherited_listener.ts";
import { logOptionsOf, openLog } from "../serve/log_sink.ts";
import type { FleetOptions } from "../serve/options/fleet.ts";
import type { ProgramOptions } from "../serve/options/program.ts";
import type { Serving } from "../serve/running_server.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerPlan } from "../serve/server_plan.ts";
import { openServiceManager } from "../serve/service_manager.ts";
import type { WorkersOptions } from "../workers/workers.ts";
import {
  dropPermissions,
  sayNothingToReload,
  spareStacks,
  surviveMistakes,
} from "../serve/process_life.ts";
import { runUntilSignal } from "./run_until_signal.ts";
import { startUntilSignal } from "./start_until_signal.ts";

/** The log's name for a shutdown by the admin API. */
const OPERATOR = "Operator";

/** Options of the life of a program. */
export type LifeOptions =
  & Pick<
    ProgramOptions,
    "log" | "log-time" | "quiet" | "drain-delay" | "drain-timeout"
  >
  & Partial<ProgramOptions>;

/** The servers to run. */
export interface Servers {
  /** Returns their plan, for threads that start them. */
  plan(): Promise<ServerPlan>;
  /** Starts them in this thread, if it is the only one. */
  start(host: ServerHost): Promise<Serving>;
  /**
   * Opens their configuration file (default: none).
   *
   * @param serving The running servers.
   * @param log Receives log events.
   * @returns The file, which also watches all others.
   */
  openFile?(
    serving: Serving,
    log: (event: LogEvent) => void,
  ): Promise<Reloadable>;
  /**
   * Returns the configuration in force, without secrets (default: the options).
   */
  config?: (() => unknown) | undefined;
  /**
   * Receives SIGHUP; may have started earlier (default: starts with this life).
   */
  hangups?: Hangups;
}

/**
 * Creates the servers of a command: a configuration with one listener.
 *
 * @param name Name of the command.
 * @param options Its parsed option values.
 * @returns Its one server.
 */
export function commandServers(
  name: string,
  command: ServerCommand<OptionTable>,
  options: OptionValues<OptionTable>,
): Servers {
  return {
    async plan() {
      // Imported lazily: without threads nothing needs it.
      const { planOfCommand } = await import("../config/plan.ts");
      return planOfCommand(name, options);
    },
    start: (host) => command.start(options, host),
  };
}

/** Settings of threads that differ from the defaults. */
export type ThreadSettings = Partial<Pick<WorkersOptions, "entry" | "times">>;

/**
 * Runs servers until a signal or request stops them.
 *
 * @param options Options of the program.
 * @param threads How to start several threads.
 * @returns Exit code: 0, or 1 if the shutdown cut connections.
 * @throws {UsageError} If options conflict.
 * @throws {ConfigError} If there is a problem in the configuration.
 * @throws {StartError} If the machine lacks or forbids what it needs, or
 *   threads die faster than Sluice can replace them.
 */
export async function runLife(
  options: LifeOptions,
  servers: Servers,
  threads: ThreadSettings = {},
): Promise<number> {
  const hasWorkers = (options.workers ?? 1) > 1;
  const log = openLog({ ...logOptionsOf(options), isShared: hasWorkers });
  using signals = listenForSignals();
  using hangups = servers.hangups ?? listenForHangups();
  surviveMistakes(log.write);
  spareStacks();
  using manager = await openServiceManager(log.write);
  await using watching = await openWatchers(options, log.write, {
    ...{ hasWorkers, drain: () => signals.raise(OPERATOR) },
  });
  await using fleet = await joinFleet(options, log.write);
  const starting = hasWorkers
    ? startThreads(options, servers, { log, watching, threads, fleet })
    : startHere(servers, { log, watching, fleet });
  const serving = await startUntilSignal(starting, signals);
  if (typeof serving === "string") {
    const message = `${serving}: stopped during the start`;
    log.write(messageEvent("info", "stopped", message));
    await log.flush();
    return 0;
  }
  try {
    const file = await servers.openFile?.(serving, log.write);
    const own = file === undefined ? serving.files : [file];
    const files = [...own, ...watching.files];
    await using _watching = watchFiles(files, {
      hangups,
      onIdleSignal: () => sayNothingToReload(log.write),
      onSignal: (done) => manager.reloading(done),
    });
    watching.start({
      ...{ files, config: servers.config, fleet },
    });
    dropPermissions({
      keepWrite: serving.writes || watching.writes || !!fleet?.writes,
      keepFfi: serving.keepsFfi ?? false,
    });
    announce([...serving.banner, ...watching.banner], log.write);
    manager.ready(serving);
    const ended = runUntilSignal(serving, signals, {
      drainDelay: options["drain-delay"],
      drainTimeout: options["drain-timeout"],
      log: log.write,
      onDrain(deadline) {
        watching.drain(deadline);
        manager.stopping(deadline);
      },
    });
    const { failed } = serving;
    const code = await Promise.race([ended, ...failed ? [failed] : []]);
    await serving.close?.();
    return code;
  } finally {
    serving.end?.();
    await log.flush();
  }
}

/** The surroundings of servers. */
interface Surroundings {
  log: { write(event: LogEvent): void };
  watching: Watchers;
  threads?: ThreadSettings;
  fleet: Fleet | undefined;
}

async function joinFleet(
  options: LifeOptions,
  log: (event: LogEvent) => void,
): Promise<Fleet | undefined> {
  if (options.fleet === undefined) return undefined;
  // Imported lazily so that programs without a fleet start faster.
  const { openFleet } = await import("../fleet/open.ts");
  return await openFleet(options as FleetOptions, log);
}

async function startHere(
  servers: Servers,
  { fleet, log: { write: log }, watching: { registry } }: Surroundings,
): Promise<Serving> {
  const host = fleet === undefined
    ? { ...ALONE, log, registry }
    : await hostIn(fleet, servers, { log, registry });
  const serving = await servers.start(host);
  await requireInheritedTaken();
  return serving;
}

async function hostIn(
  fleet: Fleet,
  servers: Servers,
  host: Pick<ServerHost, "log" | "registry">,
): Promise<ServerHost> {
  const [{ fleetHost }, { listeners: [first] }] = await Promise.all([
    import("../fleet/host.ts"),
    servers.plan(),
  ]);
  return fleetHost({ ...host, fleet, kindName: first?.kindName ?? "" });
}

/** This thread only supervises the others. */
async function startThreads(
  options: LifeOptions,
  servers: Servers,
  { fleet, log, threads, watching }: Surroundings,
): Promise<Serving> {
  // Imported lazily so that programs with one thread start faster.
  const { Workers } = await import("../workers/workers.ts");
  const plan = await servers.plan();
  const workers = new Workers({
    entry: import.meta.resolve("./worker_entry.ts"),
    count: options.workers!,
    ...{ fleet, plan, log: log.write, logging: logOptionsOf(options) },
    watcher: watching.threads,
    ...threads,
  });
  await workers.start();
  return workers;
}
