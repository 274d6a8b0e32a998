/**
 * A thread that serves: it runs what it is told to, answers its supervisor, and
 * tells it what concerns all threads.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { type Arrival, ownDials } from "../net/own_dials.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { sharedClock } from "../sync/shared/clock.ts";
import { knowDescriptorLimit } from "../net/system/descriptors.ts";
import { knowMemoryLimit } from "../serve/limits/memory_plan.ts";
import {
  requireInheritedTaken,
  shareInherited,
} from "../serve/inherited_listener.ts";
import { type Log, openLog } from "../program/log_sink.ts";
import type { StartedServer } from "../program/run_server.ts";
import { spareStacks } from "../program/process_life.ts";
import { type RunningTask, startTask } from "../program/start_task.ts";
import { WorkerDials } from "./dials.ts";
import { faultOf } from "./fault.ts";
import type {
  WatchedWorker,
  WatchedWorkerSettings,
} from "../admin/watch_worker.ts";
import { WorkerHost } from "./host.ts";
import type {
  Agreement,
  FromWorker,
  PlainConfig,
  ToWorker,
  WorkerAnswers,
  WorkerApplied,
  WorkerStart,
  WorkerStarted,
} from "./message.ts";

/** The global scope of a worker, as far as it is used. */
export interface WorkerScope extends EventTarget {
  /** Sends to the supervisor. */
  postMessage(message: unknown): void;
  /** Ends the thread. */
  close(): void;
}

/** What the thread runs. */
interface Running extends RunningTask {
  host: WorkerHost;
  log: Log;
}

/**
 * Begins to answer the supervisor.
 *
 * @param scope The global scope.
 */
export function runWorker(scope: WorkerScope): void {
  spareStacks();
  const worker = new ServingWorker((message) => scope.postMessage(message));
  scope.addEventListener("message", (event) => {
    void worker.take((event as MessageEvent<ToWorker>).data);
  });
  // A mistake of ours in one connection must not end all others.
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { reason } = event as PromiseRejectionEvent;
    worker.say("error", `Internal error: ${describeError(reason)}`);
  });
  // What comes then can't be relied on: another thread takes its place.
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    const { error, message } = event as ErrorEvent;
    worker.tell({
      type: "failed",
      message: error === undefined ? message : describeError(error),
    });
    scope.close();
  });
  worker.tell({ type: "ready" });
}

/** What is asked of a thread, and done. */
class ServingWorker implements WorkerAnswers {
  readonly tell: (message: FromWorker) => void;
  #running: Running | undefined;
  #dials: WorkerDials | undefined;
  #watching: WatchedWorker | undefined;
  #waiting: Promise<unknown> = Promise.resolve();
  #starting: Promise<WorkerStarted> | undefined;
  #isEnding = false;

  constructor(tell: (message: FromWorker) => void) {
    this.tell = tell;
  }

  say(level: "error", message: string): void {
    this.tell({ type: "log", event: { event: "message", level, message } });
  }

  async take(message: ToWorker): Promise<void> {
    if (message.type === "bans") {
      this.#running?.host.takeBans(message.name, message.states);
    } else if (message.type === "trail") {
      this.#dials?.answer(message);
    } else if (message.type === "last") {
      this.#running?.host.beLast();
    } else if (message.type === "watch") {
      this.#waiting = this.#watch(message);
    } else {
      const { asked, id, question } = message;
      try {
        await this.#waiting;
        const act = this[question] as (...asked: unknown[]) => Promise<unknown>;
        const answer = await act.apply(this, asked);
        this.tell({ type: "answer", id, answer });
      } catch (error) {
        this.tell({ type: "fault", id, fault: faultOf(error) });
      }
    }
  }

  async start(start: WorkerStart): Promise<WorkerStarted> {
    // A drain may be faster than the modules of one that takes another's place.
    if (this.#isEnding) throw new Error("the program ends");
    return await (this.#starting = this.#start(start));
  }

  async #start(start: WorkerStart): Promise<WorkerStarted> {
    const log = openLog({ ...start.log, isShared: true });
    const host = new WorkerHost({
      thread: start.thread,
      registry: this.#watching?.registry,
      tell: this.tell,
      now: sharedClock(start.clockLead),
      isRunning: start.isReplacing,
    });
    host.agree(start.agreement);
    const { dials: counts, thread: { index } } = start;
    this.#dials = new WorkerDials({ counts, index, tell: this.tell });
    ownDials.join(this.#dials);
    shareInherited();
    knowDescriptorLimit(start.descriptors);
    knowMemoryLimit(start.memory);
    // Bans that there are come while it starts.
    const running = { host, log, started: NOTHING, config: undefined };
    this.#running = running;
    const take = (event: LogEvent) => this.#log(event, log);
    Object.assign(running, await startTask(start.task, { host, log: take }));
    if (start.isFirst) await requireInheritedTaken();
    // The supervisor drops permissions: those of all threads are the same.
    return this.#told();
  }

  async apply(
    plain: PlainConfig,
    agreement: Agreement,
  ): Promise<WorkerApplied> {
    const { config, host } = this.#running!;
    host.agree(agreement);
    const change = await config!.apply(plain);
    return { ...this.#told(), change };
  }

  async poll(file: number): Promise<void> {
    await this.#running!.started.files?.[file]?.poll();
  }

  async reload(file: number): Promise<string | undefined> {
    const fault = await this.#running!.started.files?.[file]?.reload();
    return fault ?? undefined;
  }

  count(): Promise<number> {
    return Promise.resolve(this.#running?.started.running.connections ?? 0);
  }

  async shutdown(deadline: number): Promise<number> {
    this.#isEnding = true;
    // One that takes the place of another may have just begun.
    await this.#starting?.catch(() => {});
    if (this.#running === undefined) return 0;
    const { host, log, started } = this.#running;
    host.end();
    const cut = await started.running.shutdown(deadline);
    // What all have done is said behind what each has.
    await log.flush();
    return cut;
  }

  async whose(arrival: Arrival): Promise<Trail | undefined> {
    return await ownDials.take(arrival);
  }

  async flush(): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    await this.#running?.log.flush();
  }

  #told(): WorkerStarted {
    const { config, host, started } = this.#running!;
    const { banner } = config ?? started;
    return {
      banner: [...banner],
      files: (started.files ?? []).map(({ name }) => name),
      writes: config?.writes ?? started.writes ?? false,
      agreement: host.agreement,
    };
  }

  /** What is said of the program is said once for all threads. */
  #log(event: LogEvent, log: Log): void {
    const isOfAll = event.event === "message" || event.event === "listening";
    if (isOfAll) this.tell({ type: "log", event });
    else log.write(event);
  }

  async #watch(settings: WatchedWorkerSettings): Promise<void> {
    // Loaded for who wants it only: the start of others is quicker.
    const { watchWorker } = await import("../admin/watch_worker.ts");
    this.#watching = await watchWorker(settings);
  }
}

const NOTHING: StartedServer = {
  running: { connections: 0, shutdown: () => Promise.resolve(0) },
  banner: [],
};
