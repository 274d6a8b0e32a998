/**
 * The life of a command that takes connections: start, say so, serve until a
 * signal, drain.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { announce, type Announcement } from "../serve/announcement.ts";
import type { AdminOptions } from "../serve/options/admin.ts";
import type { CommonOptions } from "../serve/options/common.ts";
import { requireInheritedTaken } from "../serve/inherited_listener.ts";
import { logOptionsOf, openLog } from "./log_sink.ts";
import { OperatorSignals } from "./operator_signals.ts";
import {
  dropPermissions,
  sayNothingToReload,
  spareStacks,
  surviveMistakes,
} from "./process_life.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import {
  listenForSignals,
  runUntilSignal,
  type Stoppable,
} from "./run_until_signal.ts";
import type { OpenSessions } from "../serve/open_sessions.ts";
import { openServiceManager } from "../serve/service_manager.ts";
import { type Reloadable, watchFiles } from "../cli/watch_files.ts";
import { openWatching } from "../admin/watching.ts";

/** A server that a command has started. */
export interface StartedServer {
  /** What is to be shut down in the end. */
  running: Stoppable;
  /** What to say of it once it serves. */
  banner: readonly Announcement[];
  /** Files to read again when they change (default none). */
  files?: readonly Reloadable[];
  /** Whether it writes files while it runs (default false). */
  writes?: boolean;
  /** Its connections, to be judged again (default: none is). */
  sessions?: OpenSessions | undefined;
  /** Tells what it is configured to be, without secrets (default: nothing). */
  config?: () => unknown;
}

/** Starts a server; it gets what takes log events, and where it runs. */
export type StartServer = (
  log: (event: LogEvent) => void,
  host: ServerHost,
) => Promise<StartedServer>;

/** What the life of a server is made from. */
export type LifeOptions =
  & Pick<CommonOptions, "log" | "log-time" | "quiet" | "drain-timeout">
  & Partial<AdminOptions>;

/** What happens to a server: it is started, and something becomes of it. */
export type ServerLife = (
  options: LifeOptions,
  start: StartServer,
) => Promise<number>;

/**
 * Runs a server until it is told to stop.
 *
 * @param options What the command line says.
 * @param start Starts the server.
 * @returns Exit code: 0, or 1 where the shutdown cut connections.
 * @throws What `start` throws.
 */
export async function runServer(
  options: LifeOptions,
  start: StartServer,
): Promise<number> {
  const log = openLog(logOptionsOf(options));
  using signals = listenForSignals();
  surviveMistakes(log.write);
  spareStacks();
  using manager = await openServiceManager(log.write);
  const stop = new OperatorSignals(signals);
  await using watching = await openWatching(options, log.write, {
    drain: () => stop.raise(),
  });
  const { registry } = watching;
  const started = await start(log.write, { ...ALONE, registry });
  const { banner, files = [], writes = false } = started;
  await requireInheritedTaken();
  await using _watching = watchFiles(files, {
    onIdleSignal: () => sayNothingToReload(log.write),
    onSignal: (done) => manager.reloading(done),
  });
  const running = watching.start(started);
  dropPermissions({ keepWrite: writes || watching.writes });
  announce([...banner, ...watching.banner], log.write);
  const drainTimeout = options["drain-timeout"];
  const code = await runUntilSignal(
    manager.ready(running),
    stop,
    drainTimeout,
    log.write,
  );
  await log.flush();
  return code;
}
