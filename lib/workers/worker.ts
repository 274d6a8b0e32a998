/**
 * A serving thread: it runs a plan, answers its supervisor, and reports what
 * concerns all threads.
 *
 * @module
 */

import { internalError } from "../observe/internal_error.ts";
import { describeError } from "../observe/describe_error.ts";
import { type Arrival, ownDials } from "../net/own_dials.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { BanState } from "../policy/users/bans.ts";
import { sharedClock } from "../sync/shared/clock.ts";
import { type LinkPort, ThreadLink } from "../sync/thread_link.ts";
import { knowDescriptorLimit } from "../net/system/descriptors.ts";
import { knowMemoryLimit } from "../serve/limits/memory_plan.ts";
import {
  requireInheritedTaken,
  shareInherited,
} from "../serve/inherited_listener.ts";
import { type Log, openLog } from "../serve/log_sink.ts";
import type { Serving } from "../serve/running_server.ts";
import type { ServerHost } from "../serve/server_host.ts";
import type { ServerPlan } from "../serve/server_plan.ts";
import type { ThreadWatch, WatchedThread } from "../serve/watched_thread.ts";
import { scopeOf } from "../serve/counts/count_name.ts";
import { WorkerDials } from "./dials.ts";
import { WORKER_FAULTS } from "./fault.ts";
import { WorkerHost } from "./host.ts";
import type {
  Agreement,
  SupervisorActs,
  WorkerActs,
  WorkerApplied,
  WorkerStart,
  WorkerStarted,
} from "./message.ts";

/** The used members of a worker's global scope. */
export interface WorkerScope extends EventTarget, LinkPort {
  /** Ends the thread. */
  close(): void;
}

/** What the program does in each of its threads. */
export interface WorkerProgram {
  /** Starts the servers of a plan. */
  start(plan: ServerPlan, host: ServerHost): Promise<Serving>;
  /** Lets the connections of this thread be watched from another. */
  watch(watch: ThreadWatch): Promise<WatchedThread>;
}

/**
 * Begins to answer the supervisor.
 *
 * @param scope The global scope.
 * @param program The plan to run.
 */
export function runWorker(scope: WorkerScope, program: WorkerProgram): void {
  const worker = new ServingWorker(scope, program);
  // An internal error in one connection must not end all others.
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { reason } = event as PromiseRejectionEvent;
    worker.link.tell("log", internalError(reason));
  });
  // Its state is unreliable after that: another thread replaces it.
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    const { error, message } = event as ErrorEvent;
    const why = error === undefined ? message : describeError(error);
    worker.link.tell("failed", why);
    scope.close();
  });
  worker.link.tell("ready");
}

/** What the thread runs. */
interface Running {
  readonly host: WorkerHost;
  readonly log: Log;
  servers?: Serving;
}

/** Handles the requests to a thread. */
class ServingWorker implements WorkerActs {
  readonly link: ThreadLink<SupervisorActs>;
  readonly #program: WorkerProgram;
  #running: Running | undefined;
  #watched: WatchedThread | undefined;
  #starting: Promise<WorkerStarted> | undefined;
  #isEnding = false;

  constructor(scope: WorkerScope, program: WorkerProgram) {
    this.#program = program;
    this.link = new ThreadLink(scope, this, { faults: WORKER_FAULTS });
  }

  async start(start: WorkerStart): Promise<WorkerStarted> {
    // A drain may be faster than loading the modules of a replacement.
    if (this.#isEnding) throw new Error("the program ends");
    return await (this.#starting = this.#start(start));
  }

  async #start(start: WorkerStart): Promise<WorkerStarted> {
    const { dials: counts, fleet, thread, watch } = start;
    const [listener] = start.plan.listeners;
    if (watch !== undefined) this.#watched = await this.#program.watch(watch);
    const log = openLog({ ...start.log, isShared: true });
    const host = new WorkerHost({
      thread,
      registry: this.#watched?.registry,
      log: (event) => this.#log(event, log),
      link: this.link,
      now: sharedClock(start.clockLead),
      isRunning: start.isReplacing,
      fleet,
      scope: scopeOf(listener?.kindName ?? "", 1),
    });
    host.agree(start.agreement);
    const ask = (arrival: Arrival) => this.link.ask("whose", arrival);
    ownDials.join(new WorkerDials({ ask, counts, index: thread.index }));
    shareInherited();
    knowDescriptorLimit(start.descriptors);
    knowMemoryLimit(start.memory);
    // Existing bans arrive while it starts.
    const running: Running = this.#running = { host, log };
    running.servers = await this.#program.start(start.plan, host);
    if (start.isFirst) await requireInheritedTaken();
    // The supervisor drops permissions: those of all threads are the same.
    return told(host, running.servers);
  }

  async replace(
    plan: ServerPlan,
    agreement: Agreement,
  ): Promise<WorkerApplied> {
    const { host, servers } = this.#running!;
    host.agree(agreement);
    const change = await servers!.replace!(plan);
    return { ...told(host, servers!), change };
  }

  async poll(file: number): Promise<void> {
    await this.#running!.servers?.files[file]?.poll();
  }

  async reload(file: number): Promise<string | undefined> {
    return await this.#running!.servers?.files[file]?.reload() ?? undefined;
  }

  count(): number {
    return this.#running?.servers?.connections ?? 0;
  }

  async shutdown(deadline: number): Promise<number> {
    this.#isEnding = true;
    // A replacement may have just begun.
    await this.#starting?.catch(() => {});
    if (this.#running === undefined) return 0;
    const { host, log, servers } = this.#running;
    host.end();
    const cut = await servers?.shutdown(deadline) ?? 0;
    // What all have done is logged after what each has done.
    await log.flush();
    return cut;
  }

  async whose(arrival: Arrival): Promise<Trail | undefined> {
    return await ownDials.take(arrival);
  }

  answer(question: string, asked: readonly unknown[]): unknown {
    return this.#watched!.answer(question, asked);
  }

  bans(name: string, states: readonly BanState[]): void {
    this.#running?.host.takeBans(name, states);
  }

  last(): void {
    this.#running?.host.beLast();
  }

  async flush(): Promise<void> {
    this.#watched?.[Symbol.dispose]();
    await this.#running?.log.flush();
  }

  /** Events of the whole program are logged once for all threads. */
  #log(event: LogEvent, log: Log): void {
    const isOfAll = event.event === "message" || event.event === "listening";
    if (isOfAll) this.link.tell("log", event);
    else log.write(event);
  }
}

function told(host: WorkerHost, servers: Serving): WorkerStarted {
  return {
    banner: [...servers.banner],
    files: servers.files.map(({ name }) => name),
    writes: servers.writes,
    agreement: host.agreement,
  };
}
