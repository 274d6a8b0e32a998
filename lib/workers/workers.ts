/**
 * The threads that serve, as one: started together, replaced when one dies,
 * drained together.
 *
 * @module
 */

import { knownPipes } from "../cli/read_file.ts";
import { StartError } from "../cli/usage_error.ts";
import type { Reloadable } from "../cli/watch_files.ts";
import { descriptorLimit } from "../net/system/descriptors.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { Announcement } from "../serve/announcement.ts";
import { CONNECTION_TABLE } from "../serve/limits/connection_counts.ts";
import { memoryLimit } from "../serve/limits/memory_plan.ts";
import type { Serving } from "../serve/running_server.ts";
import type { PlanChange, ServerPlan } from "../serve/server_plan.ts";
import type { ThreadWatcher } from "../serve/watched_thread.ts";
import { clockLead } from "../sync/shared/clock.ts";
import { SharedTable } from "../sync/shared/table.ts";
import { ThreadEnded } from "../sync/thread_link.ts";
import { BanKeeper } from "./ban_keeper.ts";
import { Deaths, MOST_DEATHS } from "./deaths.ts";
import { askWhose, dialCounts } from "./dials.ts";
import type { Agreement, WorkerStarted } from "./message.ts";
import { SaidOnce } from "./said_once.ts";
import { WorkerThread } from "./thread.ts";
import { Timers } from "./timers.ts";
import { Turns } from "./turns.ts";

/** Milliseconds between two looks at each thread. */
const LOOK = 1_000;

/** Milliseconds without an answer after which a thread is given up. */
const PATIENCE = 10_000;

/** Milliseconds without an answer after which it can't be said that it lives. */
const DOUBT = 3_000;

/** Milliseconds that the counts before a drain are waited for. */
const COUNT_TIME = 500;

/** Milliseconds that threads have beyond the drain, and for the last lines. */
const GRACE = 5_000;

/** Milliseconds until it is tried again to give back what a thread held. */
const HELD_UP = 100;

/** Milliseconds until one that could not start is tried again: others serve. */
const RETRY = 5_000;

/** Options for {@linkcode Workers}. */
export interface WorkersOptions {
  /** How many threads. */
  count: number;
  /** What they run. */
  plan: ServerPlan;
  /** How they write lines about connections. */
  logging: { format: "text" | "json"; quiet: boolean };
  /** Takes what there is to log of the program. */
  log: (event: LogEvent) => void;
  /** Whoever watches them (default: nobody does). */
  watcher?: ThreadWatcher | undefined;
  /** The module that threads begin with. */
  entry: string;
  /**
   * Milliseconds between looks, of patience, and that what concerns all threads
   * may take before the next may begin (default 1 s, 10 s and 1 min).
   */
  times?: { look: number; patience: number; turn?: number } | undefined;
}

interface Slot {
  readonly index: number;
  thread: WorkerThread;
  /** Takes it from whoever watches. */
  leave: ReturnType<ThreadWatcher["add"]> | undefined;
  /** Whether it has begun to serve: before, there is nothing to change in it. */
  isServing: boolean;
}

/** The threads that serve. */
export class Workers implements Serving {
  /** Rejects when threads die faster than they can be replaced. */
  readonly failed: Promise<never>;
  readonly #options: WorkersOptions;
  readonly #fail = Promise.withResolvers<never>();
  readonly #slots: Slot[] = [];
  readonly #bans: BanKeeper;
  /** A thread that comes later is not permitted to read it any more. */
  readonly #descriptors = descriptorLimit();
  readonly #memory = memoryLimit();
  readonly #said = new SaidOnce();
  readonly #timers = new Timers();
  readonly #turns: Turns;
  readonly #deaths = new Deaths();
  readonly #dials: SharedArrayBuffer;
  #plan: ServerPlan;
  #agreement: Agreement = {
    places: new Map(),
    tables: new Map(),
    pipes: knownPipes(),
  };
  #started: WorkerStarted | undefined;
  #isEnding = false;
  #looking: ReturnType<typeof setInterval> | undefined;

  /**
   * Makes threads that have not begun.
   *
   * @param options What they are to be.
   */
  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#turns = new Turns({
      ...{ timers: this.#timers, log: options.log },
      most: options.times?.turn,
    });
    this.#dials = dialCounts(options.count);
    this.#bans = new BanKeeper(options.log);
    this.failed = this.#fail.promise;
    this.failed.catch(() => {});
  }

  /** Connections that were open when threads were last heard of. */
  get connections(): number {
    return this.#slots.reduce((sum, { thread }) => sum + thread.connections, 0);
  }

  /** The same for each thread. */
  get loads(): readonly number[] {
    return this.#slots.map(({ thread }) => thread.connections);
  }

  /** Whether all threads answer. */
  get isAnswering(): boolean {
    return this.#slots.every(({ thread }) =>
      thread.isAlive && thread.silence < DOUBT
    );
  }

  /** What to say of the server once it serves. */
  get banner(): readonly Announcement[] {
    return this.#started?.banner ?? [];
  }

  /** Whether threads write files. */
  get writes(): boolean {
    return this.#started?.writes ?? false;
  }

  /** Sockets that were handed over are taken by each new thread too. */
  get keepsFfi(): boolean {
    const { places } = this.#agreement;
    return [...places.values()].some(({ isInherited }) => isInherited);
  }

  /** The files of the server, which all threads read. */
  get files(): Reloadable[] {
    return (this.#started?.files ?? []).map((name, file) => ({
      ...name === undefined ? {} : { name },
      poll: () => this.poll(file),
      reload: () => this.reload(file),
    }));
  }

  /**
   * Starts all threads.
   *
   * @throws What one can't start for; then all are ended.
   */
  async start(): Promise<void> {
    const { count, times } = this.#options;
    this.#looking = setInterval(() => {
      for (const { thread } of this.#slots) thread.look();
    }, times?.look ?? LOOK);
    try {
      for (let index = 0; index < count; index++) {
        this.#slots.push(this.#begin(index));
      }
      const [first, ...others] = this.#slots;
      this.#note(await this.#startOne(first!, { isFirst: true }));
      await Promise.all(others.map((slot) => this.#startOne(slot)));
    } catch (error) {
      this.end();
      if (!(error instanceof ThreadEnded)) throw error;
      throw new StartError(`Cannot start workers: ${error.message}`);
    }
    for (const slot of this.#slots) this.#mind(slot);
  }

  /**
   * Gives all threads another plan, or none: the first shows whether it can be
   * started.
   *
   * @param plan The plan.
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  replace(plan: ServerPlan): Promise<PlanChange> {
    return this.#turns.take(async () => {
      const [first, ...others] = this.#requireServing();
      // Whoever has found the configuration good has read its pipes.
      const pipes = new Map([...this.#agreement.pipes, ...knownPipes()]);
      this.#agreement = { ...this.#agreement, pipes };
      const applied = await first.thread.ask("replace", plan, this.#agreement);
      this.#plan = plan;
      this.#note(applied);
      const faults = await this.#askEach(
        others,
        (thread) => thread.ask("replace", plan, this.#agreement),
      );
      this.#sayFaults("another configuration", faults);
      return applied.change;
    });
  }

  /**
   * Lets all threads look after a file.
   *
   * @param file Which one.
   */
  poll(file: number): Promise<void> {
    return this.#turns.take(async () => {
      await this.#askEach(
        this.#serving(),
        (thread) => thread.ask("poll", file),
      );
    });
  }

  /**
   * Lets all threads read a file again, or none: the first shows whether it is
   * good.
   *
   * @param file Which one.
   * @returns What was wrong, if anything was.
   */
  reload(file: number): Promise<string | undefined> {
    return this.#turns.take(() => this.#reload(file)).catch((error: Error) =>
      error.message
    );
  }

  /** Asks all threads how many connections they have, but not for long. */
  async refresh(): Promise<void> {
    const all = this.#living().map(({ thread }) => thread.count());
    await this.#timers.settled(COUNT_TIME, all);
  }

  /**
   * Drains all threads.
   *
   * @param deadline Milliseconds until connections are cut; 0 is at once.
   * @returns How many were cut.
   */
  async shutdown(deadline: number): Promise<number> {
    this.#isEnding = true;
    this.#timers.clear();
    const [first, ...others] = this.#living();
    const ofOthers = Promise.all(
      others.map((slot) => this.#shutdownOne(slot, deadline)),
    );
    // It keeps what all have counted.
    void ofOthers.then(() => first?.thread.tell("last"));
    const ofFirst = first && this.#shutdownOne(first, deadline);
    const cut = await Promise.all([ofFirst ?? 0, ofOthers]);
    return cut.flat().reduce((sum, count) => sum + count, 0);
  }

  /** Lets threads write what they have to say, and ends them. */
  async close(): Promise<void> {
    this.#isEnding = true;
    const all = this.#living().map(async ({ leave, thread }) => {
      await leave?.(false);
      await thread.ask("flush");
    });
    await this.#timers.settled(GRACE, all);
    this.end();
  }

  /** Ends all threads at once. */
  end(): void {
    this.#isEnding = true;
    clearInterval(this.#looking);
    this.#timers.clear();
    for (const { leave, thread } of this.#slots) {
      void leave?.(true);
      thread.end("the program ends");
    }
  }

  async #reload(file: number): Promise<string | undefined> {
    const [first, ...others] = this.#requireServing();
    const fault = await first.thread.ask("reload", file);
    if (fault !== undefined) return fault;
    const faults = await this.#askEach(others, async (thread) => {
      const fault = await thread.ask("reload", file);
      if (fault !== undefined) throw new Error(fault);
    });
    this.#sayFaults("a file", faults);
    return faults[0];
  }

  #requireServing(): [Slot, ...Slot[]] {
    const [first, ...others] = this.#serving();
    if (first === undefined) throw new ThreadEnded("No worker serves");
    return [first, ...others];
  }

  #living(): Slot[] {
    return this.#slots.filter(({ thread }) => thread.isAlive);
  }

  #serving(): Slot[] {
    return this.#living().filter(({ isServing }) => isServing);
  }

  /** The other threads that have dialled what may arrive at one. */
  #dialling(thread: WorkerThread): WorkerThread[] {
    const counts = new Int32Array(this.#dials);
    return this.#living()
      .filter(({ index }) => Atomics.load(counts, index) > 0)
      .flatMap((slot) => slot.thread === thread ? [] : [slot.thread]);
  }

  #begin(index: number): Slot {
    const { entry, times } = this.#options;
    const thread: WorkerThread = new WorkerThread({
      entry,
      patience: times?.patience ?? PATIENCE,
      acts: {
        log: (event) => {
          if (this.#isNews(event, index)) this.#turns.log(event);
        },
        copy: (name, settings) =>
          thread.tell("bans", name, this.#bans.copy(name, settings)),
        ban: (name, action) => {
          const states = this.#bans.decide(name, action);
          for (const { thread } of this.#slots) {
            thread.tell("bans", name, states);
          }
        },
        whose: (arrival) =>
          askWhose(
            arrival,
            this.#dialling(thread).map((one) => (arrival) =>
              one.ask("whose", arrival)
            ),
          ),
      },
    });
    return { index, thread, leave: undefined, isServing: false };
  }

  async #startOne(
    slot: Slot,
    { isFirst = false, isReplacing = false } = {},
  ): Promise<WorkerStarted> {
    const { index, thread } = slot;
    const { count, logging, watcher } = this.#options;
    await thread.ready;
    const started = await thread.ask("start", {
      thread: { index, count },
      plan: this.#plan,
      agreement: this.#agreement,
      log: logging,
      ids: watcher?.ids,
      descriptors: this.#descriptors,
      memory: this.#memory,
      clockLead: clockLead(),
      dials: this.#dials,
      isFirst,
      isReplacing,
    });
    slot.leave = watcher?.add(
      index + 1,
      (question, asked) => thread.ask("part", question, asked),
    );
    slot.isServing = true;
    return started;
  }

  #note(started: WorkerStarted): void {
    this.#started = started;
    this.#agreement = started.agreement;
  }

  #isNews(event: LogEvent, index: number): boolean {
    const text = event.event === "message"
      ? event.message
      : event.event === "listening"
      ? `${event.kind} ${event.protocol} listens on ${event.listener}`
      : undefined;
    return text === undefined || this.#said.isNews(text, index);
  }

  /** Sees to it that a thread that dies is replaced. */
  #mind(slot: Slot): void {
    void slot.thread.ended.then((why) => {
      if (this.#isEnding) return;
      // A file that is broken now must not end those who read it before.
      const isRefused = !slot.isServing && this.#serving().length > 0;
      if (!isRefused) this.#deaths.add();
      void slot.leave?.(true);
      Atomics.store(new Int32Array(this.#dials), slot.index, 0);
      this.#sayEnd(slot, why);
      if (isRefused || !this.#deaths.areTooMany) {
        const pause = isRefused ? RETRY : this.#deaths.pause;
        this.#timers.later(pause, () => this.#replace(slot));
      } else {
        this.#fail.reject(
          new StartError(
            `${MOST_DEATHS} workers have ended within a minute: so does the program`,
          ),
        );
      }
    });
  }

  #replace(slot: Slot): void {
    if (!this.#giveBack(slot)) {
      this.#timers.later(HELD_UP, () => this.#replace(slot));
      return;
    }
    Object.assign(slot, this.#begin(slot.index));
    void this.#turns.take(() => {
      if (this.#isEnding) throw new ThreadEnded("the program ends");
      return this.#startOne(slot, { isReplacing: true });
    }).then(
      () => this.#say("info", `Worker ${slot.index + 1} serves again`),
      (error: Error) => {
        // In a drain it is asked to end like all others.
        if (!this.#isEnding) slot.thread.end(error.message);
      },
    );
    this.#mind(slot);
  }

  /** Says how many connections are lost with it, and tells that. */
  #sayEnd({ index }: Slot, why: string): number {
    const lost = this.#tables()
      .filter(([name]) => name.endsWith(` ${CONNECTION_TABLE}`))
      .reduce((sum, [, table]) => sum + table.heldBy(index), 0);
    const message = `Worker ${index + 1} has ended: ${why}; ${
      countOf(lost, "connection")
    } lost`;
    this.#say("error", message);
    return lost;
  }

  /**
   * What it had counted is there for others; not yet where another that has
   * died too holds a lock, which is freed in its turn.
   */
  #giveBack({ index }: Slot): boolean {
    return this.#tables().every(([, table]) => table.giveBack(index));
  }

  #tables(): [name: string, table: SharedTable][] {
    return [...this.#agreement.tables].map(([name, { memory, shape }]) => [
      name,
      new SharedTable(shape, {
        memory,
        thread: shape.threads,
        now: () => 0,
      }),
    ]);
  }

  async #shutdownOne(slot: Slot, deadline: number): Promise<number> {
    const { thread } = slot;
    const cancel = this.#timers.later(deadline + GRACE, () => {
      thread.end("it did not end in time");
    });
    try {
      return await thread.ask("shutdown", deadline);
    } catch (error) {
      if (!(error instanceof ThreadEnded)) throw error;
      return this.#sayEnd(slot, error.message);
    } finally {
      cancel();
    }
  }

  /** What threads throw, but for those that have ended and are replaced. */
  async #askEach(
    slots: readonly Slot[],
    ask: (thread: WorkerThread) => Promise<unknown>,
  ): Promise<string[]> {
    const faults: string[] = [];
    await Promise.all(slots.map(async ({ index, thread }) => {
      try {
        await ask(thread);
      } catch (error) {
        if (error instanceof ThreadEnded) return;
        faults.push(`worker ${index + 1}: ${(error as Error).message}`);
      }
    }));
    return faults;
  }

  #sayFaults(what: string, faults: readonly string[]): void {
    for (const fault of faults) {
      this.#say("error", `Workers differ, one did not take ${what}: ${fault}`);
    }
  }

  #say(level: "info" | "error", message: string): void {
    this.#options.log({ event: "message", level, message });
  }
}
