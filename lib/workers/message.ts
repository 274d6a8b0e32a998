/**
 * The messages between a serving thread and its supervisor.
 *
 * @module
 */

import type { Arrival } from "../net/own_dials.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { Announcement } from "../serve/announcement.ts";
import type { MemoryLimit } from "../net/system/memory_limit.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { BansOptions, BanState } from "../policy/users/bans.ts";
import type { BanAction } from "../policy/users/replicated_bans.ts";
import type { TableMemories } from "../serve/counts/shared_counts.ts";
import type { FleetMemory } from "../serve/counts/fleet_view.ts";
import type { LogOptions } from "../serve/log_sink.ts";
import type { ThreadInfo } from "../serve/worker_share.ts";
import type { PlanChange, ServerPlan } from "../serve/server_plan.ts";
import type { ThreadWatch } from "../serve/watched_thread.ts";

/** The address of a socket that all threads open. */
export interface BoundPlace {
  /** The address that was bound. */
  hostname: string;
  /** The real port. */
  port: number;
  /** Whether the service manager handed it over. */
  isInherited: boolean;
}

/** What threads must agree on; the first one decides it for the others. */
export interface Agreement {
  /** Sockets by name. */
  places: ReadonlyMap<string, BoundPlace>;
  /** Tables by name. */
  tables: TableMemories;
  /** Contents of pipes, which only one thread can read. */
  pipes: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** What a thread gets at its start. */
export interface WorkerStart {
  /** The thread. */
  thread: ThreadInfo;
  /** The plan to run. */
  plan: ServerPlan;
  /** The agreement of the others. */
  agreement: Agreement;
  /** Format and level of the log. */
  log: Omit<LogOptions, "isShared">;
  /** If its connections are watched. */
  watch: ThreadWatch | undefined;
  /** The limit of descriptors, which a thread may not be permitted to read. */
  descriptors: number | undefined;
  /** The memory limit, for the same reason. */
  memory: MemoryLimit | undefined;
  /** Milliseconds by which the system's clock is ahead of the supervisor's. */
  clockLead: number;
  /** Number of dials of each thread that may arrive at another. */
  dials: SharedArrayBuffer;
  /** The fleet, if the program is in one. */
  fleet: FleetMemory | undefined;
  /** Whether all sockets that were handed over must be used. */
  isFirst: boolean;
  /** Whether it replaces a thread that has ended while others serve. */
  isReplacing: boolean;
}

/** What a thread reports about its servers. */
export interface WorkerStarted {
  /** The announcements once it serves. */
  banner: readonly Announcement[];
  /** Names of files that can be reloaded. */
  files: readonly (string | undefined)[];
  /** Whether it writes files while it runs. */
  writes: boolean;
  /** The agreement with its additions. */
  agreement: Agreement;
}

/** What a thread has changed. */
export interface WorkerApplied extends WorkerStarted {
  /** How many listeners. */
  change: PlanChange;
}

/** Requests of the supervisor to a thread. */
export interface WorkerActs {
  /** Begins to serve. */
  start(start: WorkerStart): Promise<WorkerStarted>;
  /** Applies another plan. */
  replace(plan: ServerPlan, agreement: Agreement): Promise<WorkerApplied>;
  /** Checks one of its files for changes. */
  poll(file: number): Promise<void>;
  /** Reloads one of its files. */
  reload(file: number): Promise<string | undefined>;
  /** Returns the number of open connections. */
  count(): number;
  /** Drains; returns how many connections were cut. */
  shutdown(deadline: number): Promise<number>;
  /** Returns the trail of a connection that another thread has accepted. */
  whose(arrival: Arrival): Promise<Trail | undefined>;
  /** Answers a question of the admin server. */
  answer(question: string, asked: readonly unknown[]): unknown;
  /** Takes bans that the supervisor has decided. */
  bans(name: string, states: readonly BanState[]): void;
  /** Notes that this is the last serving thread and the program ends. */
  last(): void;
  /** Writes the rest of the log. */
  flush(): Promise<void>;
}

/** Requests of a thread to its supervisor. */
export interface SupervisorActs {
  /** The thread can be asked now. */
  ready(): void;
  /** Logs an event of the whole program once. */
  log(event: LogEvent): void;
  /** Sends it the bans of a name, now and after each change. */
  copy(name: string, scope: string, settings: BansOptions): void;
  /** Decides on a ban for all threads. */
  ban(name: string, action: BanAction): void;
  /** Asks the other threads for the trail of a connection. */
  whose(arrival: Arrival): Promise<Trail | undefined>;
  /** The thread has failed. */
  failed(message: string): void;
}
