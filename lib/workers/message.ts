/**
 * What goes between a thread that serves and the one that supervises.
 *
 * @module
 */

import type { LogOptions } from "../program/log_sink.ts";
import type { Arrival } from "../net/own_dials.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { Announcement } from "../serve/announcement.ts";
import type { MemoryLimit } from "../net/system/memory_limit.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { BansOptions, BanState } from "../policy/users/bans.ts";
import type { BanAction } from "../policy/users/replicated_bans.ts";
import type { SharedTableShape } from "../sync/shared/table.ts";
import type { WorkerFault } from "./fault.ts";
import type { ThreadInfo } from "../serve/worker_share.ts";
import type { ConfigChange } from "../config/run.ts";

/** A configured listener, fit for a message. */
export interface PlainListener {
  /** Its place in the list. */
  index: number;
  /** What it is. */
  kindName: string;
  /** What is given to its options, with secrets. */
  given: ReadonlyMap<string, readonly string[]>;
}

/** A configuration that has been found good, fit for a message. */
export interface PlainConfig {
  /** Values of the options of the program. */
  program: Readonly<Record<string, unknown>>;
  /** Its listeners. */
  listeners: readonly PlainListener[];
}

/** What a thread is to run. */
export type WorkerTask =
  /** A command with its arguments. */
  | { readonly command: string; readonly args: readonly string[] }
  /** The listeners of a configuration. */
  | { readonly config: PlainConfig };

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
  task: WorkerTask;
  /** What others have agreed on. */
  agreement: Agreement;
  /** How lines of the log look, and which are left out. */
  log: Omit<LogOptions, "isShared">;
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
  change: ConfigChange;
}

/** What a thread can be asked, and what it answers. */
export interface WorkerAnswers {
  /** Begins to serve. */
  start(start: WorkerStart): Promise<WorkerStarted>;
  /** Takes another configuration. */
  apply(config: PlainConfig, agreement: Agreement): Promise<WorkerApplied>;
  /** Looks after one of its files. */
  poll(file: number): Promise<void>;
  /** Reads one of its files again. */
  reload(file: number): Promise<string | undefined>;
  /** Tells how many connections are open. */
  count(): Promise<number>;
  /** Drains; tells how many connections were cut. */
  shutdown(deadline: number): Promise<number>;
  /** Tells the trail of a connection that another has accepted. */
  whose(arrival: Arrival): Promise<Trail | undefined>;
  /** Writes the rest of the log. */
  flush(): Promise<void>;
}

/** What a thread can be asked. */
export type WorkerQuestion = keyof WorkerAnswers;

/** From the supervisor. */
export type ToWorker =
  | { type: "ask"; id: number; question: WorkerQuestion; asked: unknown[] }
  /** Answers for whoever watches. */
  | { type: "watch"; port: MessagePort; ids: SharedArrayBuffer }
  | { type: "bans"; name: string; states: readonly BanState[] }
  /** What all others know of a connection, or why one can't tell. */
  | { type: "trail"; id: number; trail?: Trail | undefined; fault?: string }
  /** No other thread serves any more, and the program ends. */
  | { type: "last" };

/** From a thread. */
export type FromWorker =
  /** It can be asked. */
  | { type: "ready" }
  | { type: "answer"; id: number; answer: unknown }
  | { type: "fault"; id: number; fault: WorkerFault }
  | { type: "log"; event: LogEvent }
  /** It has bans of that name, and wants to know those that there are. */
  | { type: "copy"; name: string; settings: BansOptions }
  | { type: "ban"; name: string; action: BanAction }
  /** Asks the others for the trail of a connection. */
  | { type: "whose"; id: number; arrival: Arrival }
  /** It can't go on. */
  | { type: "failed"; message: string };
