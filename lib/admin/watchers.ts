/**
 * The watchers of a server: the admin listener and traces. Without them,
 * watching costs nothing.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import { Registry } from "../serve/registry.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import type { ReloadAnswer } from "./api.ts";
import type { AdminOptions } from "../serve/options/admin.ts";
import { type Announcement, listeningEvent } from "../serve/announcement.ts";
import type { Admin } from "./server.ts";
import type { CommonOptions } from "../serve/options/common.ts";
import { describeValues } from "../cli/redaction.ts";
import { DrainState } from "./drain_state.ts";
import { isTraced } from "./is_traced.ts";
import type { Threads } from "./threads/threads.ts";
import { joinFaults, type Reloadable } from "../cli/watch_files.ts";
import type { ThreadWatcher } from "../serve/watched_thread.ts";

/** When the program started, in milliseconds since 1970. */
const STARTED_AT = Math.round(performance.timeOrigin);

/** A server that is to be watched. */
export interface WatchedServer {
  /** Returns its configuration without secrets (default: its options). */
  config?: (() => unknown) | undefined;
  /** Files that can be reloaded. */
  files: readonly Reloadable[];
  /** Its fleet (default none). */
  fleet?: Pick<Fleet, "bans" | "nodes"> | undefined;
}

/** Options that select and describe the watchers. */
export type WatchedOptions = Partial<AdminOptions> & {
  /** Redis of a fleet. */
  readonly "fleet"?: unknown;
};

/** Options for {@linkcode openWatchers}. */
export interface WatcherOptions {
  /** Begins the shutdown, as a signal does. */
  drain(): void;
  /**
   * Whether other threads take the connections, and this one none (default
   * false).
   */
  hasWorkers?: boolean;
}

/** The open watchers; disposing of them closes them. */
export interface Watchers extends AsyncDisposable {
  /**
   * Registry for connections of this thread; `undefined` without watchers, or
   * if workers accept them.
   */
  readonly registry: Registry | undefined;
  /** Registers worker threads, if these accept the connections. */
  readonly threads: ThreadWatcher | undefined;
  /** Lines for the banner once the server runs. */
  readonly banner: readonly Announcement[];
  /** Files to read again when they change. */
  readonly files: readonly Reloadable[];
  /** Whether it writes files while it runs. */
  readonly writes: boolean;
  /** Call this when the server has started. */
  start(server: WatchedServer): void;
  /**
   * Call this when a drain begins, or its time is shortened.
   *
   * @param deadline Milliseconds until the remaining connections are cut.
   */
  drain(deadline: number): void;
}

/**
 * Opens the watchers before the server starts, so that an error stops the
 * start.
 *
 * @param options Values of the options.
 * @param log Receives log events.
 * @param settings The server to watch, and the actions of the operator.
 * @throws {UsageError} If others could use the admin listener without a token.
 * @throws {StartError} If it can't listen.
 */
export async function openWatchers(
  options:
    & WatchedOptions
    & Pick<CommonOptions, "drain-delay" | "drain-timeout">,
  log: (event: LogEvent) => void,
  { drain, hasWorkers = false }: WatcherOptions,
): Promise<Watchers> {
  const { admin: listen, fleet } = options;
  const traced = isTraced();
  const isWatched = listen !== undefined || traced || fleet !== undefined;
  if (!isWatched) return NOBODY;
  // A fleet only counts.
  const isTimed = listen !== undefined || traced;
  const registry = hasWorkers ? undefined : new Registry({ isTimed });
  const threads = await openThreads(registry, traced);
  const state = new DrainState();
  let server: WatchedServer | undefined;
  const opened = listen && await openAdmin(options, {
    threads,
    state,
    log,
    actions: {
      drain: () => {
        if (state.isDraining) return;
        state.drain(options["drain-delay"] + options["drain-timeout"]);
        drain();
      },
      reload: () => reloadAll(server?.files ?? []),
      config: () => server?.config?.() ?? describeValues(options),
    },
  });
  const admin = opened?.admin;
  return {
    registry,
    files: opened?.files ?? [],
    threads: hasWorkers
      ? (await import("./threads/other.ts")).watchThreads(threads, isTimed)
      : undefined,
    banner: admin === undefined ? [] : announceAdmin(admin),
    writes: listen !== undefined && isUnixPath(listen),
    start(started) {
      server = started;
      admin?.start(started.fleet?.nodes);
      if (started.fleet !== undefined) join(started.fleet, threads, state);
      state.start();
    },
    drain: (deadline) => state.drain(deadline),
    async [Symbol.asyncDispose]() {
      await admin?.[Symbol.asyncDispose]();
      threads.close();
    },
  };
}

/** Its fleet hears of it, and operators of other machines ban its clients. */
function join(
  fleet: Pick<Fleet, "bans" | "nodes">,
  threads: Threads,
  state: DrainState,
): void {
  threads.share(fleet);
  fleet.nodes.report(() => {
    threads.figures().catch(() => {}); // For the next time.
    const { total: connections, ...totals } = threads.totals;
    return {
      version: PROGRAM_VERSION,
      startedAt: STARTED_AT,
      isDraining: state.isDraining,
      open: totals.open,
      totals: { connections, ...totals },
    };
  });
}

const NOBODY: Watchers = {
  registry: undefined,
  threads: undefined,
  banner: [],
  files: [],
  writes: false,
  start() {},
  drain() {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Imported lazily so that programs without an admin listener start faster. */
async function openThreads(
  registry: Registry | undefined,
  isTraced: boolean,
): Promise<Threads> {
  const [{ OwnThread }, { Threads }] = await Promise.all([
    import("./threads/own.ts"),
    import("./threads/threads.ts"),
  ]);
  const threads = new Threads();
  if (registry !== undefined) threads.add(new OwnThread(registry));
  if (!isTraced) return threads;
  await (await import("./meters.ts")).openMeters(threads);
  if (registry !== undefined) {
    await (await import("./spans.ts")).openSpans(registry);
  }
  return threads;
}

async function openAdmin(
  options: WatchedOptions,
  rest: Omit<
    Parameters<typeof import("./server.ts").startAdmin>[0],
    "listen" | "token"
  >,
): Promise<{ admin: Admin; files: readonly Reloadable[] }> {
  // Imported lazily so that programs without an admin listener start faster.
  const [{ startAdmin }, { openAdminToken }] = await Promise.all([
    import("./server.ts"),
    import("../serve/options/admin_token.ts"),
  ]);
  const path = options["admin-token-file"];
  const given = { "admin-token-file": path };
  const { file, token } = await openAdminToken(given, rest.log);
  const admin = await startAdmin({
    ...{ listen: options.admin!, token },
    ...rest,
  });
  file?.onReload((other) => {
    if (other !== file.value) admin.replaceToken(other);
  });
  return { admin, files: file === undefined ? [] : [file] };
}

function announceAdmin({ listener }: Admin): Announcement[] {
  const { mode, name } = listener;
  return [
    mode === undefined
      ? `Admin page, figures and API on http://${name}/`
      : `Admin page, figures and API on ${name}`,
    listeningEvent(listener, { kind: "admin", isTls: false }),
  ];
}

async function reloadAll(
  files: readonly Reloadable[],
): Promise<ReloadAnswer> {
  const faults = await Promise.all(files.map((file) => file.reload()));
  const fault = joinFaults(faults);
  if (fault !== undefined) {
    const { AdminError } = await import("./error.ts");
    throw new AdminError("reload_failed", fault);
  }
  return { reloaded: files.map(({ name = "a file" }) => name) };
}
