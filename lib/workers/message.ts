/**
 * What a thread that serves and the one that supervises do for each other.
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
import type { SharedTableShape } from "../sync/shared/table.ts";
import type { LogOptions } from "../serve/log_sink.ts";
import type { ThreadInfo } from "../serve/worker_share.ts";
import type { PlanChange, ServerPlan } from "../serve/server_plan.ts";

/** Where a socket is that all threads have. */
export interface Place {
  /** The address that was bound. */
  hostname: string;
  /** The real port. */
  port: number;
  /** Whether it was handed over by the service manager. */
  isInherited: boolean;
}

/** Memory of a table. */
export interface TableMemory {
  /** The memory. */
  memory: SharedArrayBuffer;
  /** What it is. */
  shape: SharedTableShape;
}

/** What threads have to agree on; made by the first, told to the others. */
export interface Agreement {
  /** Sockets by name. */
  places: ReadonlyMap<string, Place>;
  /** Tables by name. */
  tables: ReadonlyMap<string, TableMemory>;
  /** What pipes have said, which say it to one thread only. */
  pipes: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** What a thread is given at its start. */
export interface WorkerStart {
  /** Which it is. */
  thread: ThreadInfo;
  /** What it is to run. */
  plan: ServerPlan;
  /** What others have agreed on. */
  agreement: Agreement;
  /** How lines of the log look, and which are left out. */
  log: Omit<LogOptions, "isShared">;
  /** Memory of the counter of connections, where they are watched. */
  ids: SharedArrayBuffer | undefined;
  /** How many descriptors may be open; a thread may not be let see it. */
  descriptors: number | undefined;
  /** How much memory there may be, for the same reason. */
  memory: MemoryLimit | undefined;
  /** What the system's clock is ahead of the supervisor's, in milliseconds. */
  clockLead: number;
  /** How many connections each thread has dialled that may arrive at another. */
  dials: SharedArrayBuffer;
  /** Whether sockets that were handed over have to be used, all of them. */
  isFirst: boolean;
  /** Whether others serve, and it takes the place of one that has ended. */
  isReplacing: boolean;
}

/** What a thread tells of what it runs. */
export interface WorkerStarted {
  /** What to say once it serves. */
  banner: readonly Announcement[];
  /** Names of the files that can be read again. */
  files: readonly (string | undefined)[];
  /** Whether it writes files while it runs. */
  writes: boolean;
  /** What it has, with what it has added. */
  agreement: Agreement;
}

/** What a thread has changed. */
export interface WorkerApplied extends WorkerStarted {
  /** How many listeners. */
  change: PlanChange;
}

/** What a thread does for its supervisor. */
export interface WorkerActs {
  /** Begins to serve. */
  start(start: WorkerStart): Promise<WorkerStarted>;
  /** Takes another plan. */
  replace(plan: ServerPlan, agreement: Agreement): Promise<WorkerApplied>;
  /** Looks after one of its files. */
  poll(file: number): Promise<void>;
  /** Reads one of its files again. */
  reload(file: number): Promise<string | undefined>;
  /** Tells how many connections are open. */
  count(): number;
  /** Drains; tells how many connections were cut. */
  shutdown(deadline: number): Promise<number>;
  /** Tells the trail of a connection that another has accepted. */
  whose(arrival: Arrival): Promise<Trail | undefined>;
  /** Answers whoever watches the program. */
  answer(question: string, asked: readonly unknown[]): unknown;
  /** Takes bans that were decided on. */
  bans(name: string, states: readonly BanState[]): void;
  /** Hears that no other thread serves any more, and the program ends. */
  last(): void;
  /** Writes the rest of the log. */
  flush(): Promise<void>;
}

/** What a supervisor does for a thread. */
export interface SupervisorActs {
  /** Hears that it can be asked. */
  ready(): void;
  /** Logs what is said once for all threads. */
  log(event: LogEvent): void;
  /** Tells it the bans of a name, also from now on. */
  copy(name: string, settings: BansOptions): void;
  /** Decides on a ban, for all. */
  ban(name: string, action: BanAction): void;
  /** Asks the others for the trail of a connection. */
  whose(arrival: Arrival): Promise<Trail | undefined>;
  /** Hears that it can't go on. */
  failed(message: string): void;
}
