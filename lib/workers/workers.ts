/**
 * The threads that serve, as one: started together, replaced when one dies,
 * drained together.
 *
 * @module
 */

import type { LogOptions } from "../program/log_sink.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { SharedTable } from "../sync/shared/table.ts";
import { clockLead } from "../sync/shared/clock.ts";
import type { Announcement } from "../serve/announcement.ts";
import { BanKeeper } from "./ban_keeper.ts";
import { dialCounts, passOnWhose } from "./dials.ts";
import { CONNECTION_TABLE } from "../serve/limits/connection_counts.ts";
import { descriptorLimit } from "../net/system/descriptors.ts";
import { knownPipes } from "../cli/read_file.ts";
import { memoryLimit } from "../serve/limits/memory_plan.ts";
import type { Stoppable } from "../program/run_until_signal.ts";
import { SaidOnce } from "./said_once.ts";
import type { ConfigChange } from "../config/run.ts";
import { StartError } from "../cli/usage_error.ts";
import type { Reloadable } from "../cli/watch_files.ts";
import type {
  Agreement,
  PlainConfig,
  WorkerStarted,
  WorkerTask,
} from "./message.ts";
import { WorkerEnded, type WorkerNews, WorkerThread } from "./thread.ts";

/** Milliseconds between two looks at each thread. */
const LOOK = 1_000;

/** Milliseconds without an answer after which a thread is given up. */
const PATIENCE = 10_000;

/** Milliseconds of a turn: more than it takes to give a thread up. */
const TURN = 60_000;

/** Messages that are held back until all threads have made a change. */
const MOST_HELD = 1_000;

/** Milliseconds without an answer after which it can't be said that it lives. */
const DOUBT = 3_000;

/** Milliseconds that the counts before a drain are waited for. */
const COUNT_TIME = 500;

/** Milliseconds that threads have beyond the drain, and for the last lines. */
const GRACE = 5_000;

/** Deaths within {@linkcode DEATH_WINDOW} that end the program. */
const MOST_DEATHS = 5;

/** Milliseconds. */
const DEATH_WINDOW = 60_000;

/**
 * Milliseconds until a thread that has died is replaced, by which time it does
 * nothing any more; twice as long for each further one.
 */
const BACK_OFF = { first: 100, most: 2_000 } as const;

/** Milliseconds until one that could not start is tried again: others serve. */
const RETRY = 5_000;

/** What whoever watches has of a thread. */
export interface WatchLink {
  /** Asks the thread. */
  readonly port: MessagePort;
  /** Memory of the counter that connections get their numbers from. */
  readonly ids: SharedArrayBuffer;
  /** Notes that the thread serves. */
  serve(): void;
  /**
   * Ends it.
   *
   * @param isDead Whether the thread can't be asked any more.
   */
  end(isDead: boolean): Promise<void>;
}

/** Options for {@linkcode Workers}. */
export interface WorkersOptions {
  /** How many threads. */
  count: number;
  /** What they run. */
  task: WorkerTask;
  /** How they write lines about connections. */
  logging: Omit<LogOptions, "isShared">;
  /** Takes what there is to log of the program. */
  log: (event: LogEvent) => void;
  /** Makes the link of whoever watches (default: nobody does). */
  watch?: ((thread: number) => WatchLink) | undefined;
  /** The module that threads begin with (default: the program's own). */
  entry?: string | undefined;
  /**
   * Milliseconds between looks, of patience, and that what concerns all threads
   * may take before the next may begin (default 1 s, 10 s and 1 min).
   */
  times?: { look: number; patience: number; turn?: number } | undefined;
}

interface Slot {
  readonly index: number;
  thread: WorkerThread;
  link: WatchLink | undefined;
  /** Whether it has begun to serve: before, there is nothing to change in it. */
  isServing: boolean;
}

/** The threads that serve. */
export class Workers implements Stoppable {
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
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #dials: SharedArrayBuffer;
  #task: WorkerTask;
  #agreement: Agreement = {
    places: new Map(),
    tables: new Map(),
    pipes: knownPipes(),
  };
  #started: WorkerStarted | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #deaths: number[] = [];
  #held: LogEvent[] | undefined;
  #isEnding = false;
  #looking: ReturnType<typeof setInterval> | undefined;

  /**
   * Makes threads that have not begun.
   *
   * @param options What they are to be.
   */
  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#task = options.task;
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

  /** Whether sockets were handed over, which a new thread has to take too. */
  get hasInherited(): boolean {
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
      if (!(error instanceof WorkerEnded)) throw error;
      throw new StartError(`Cannot start workers: ${error.message}`);
    }
    for (const slot of this.#slots) this.#mind(slot);
  }

  /**
   * Gives all threads another configuration, or none: the first shows whether
   * it can be started.
   *
   * @param config The configuration.
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  apply(config: PlainConfig): Promise<ConfigChange> {
    return this.#inTurn(async () => {
      const [first, ...others] = this.#requireServing();
      // Whoever has found the configuration good has read its pipes.
      const pipes = new Map([...this.#agreement.pipes, ...knownPipes()]);
      this.#agreement = { ...this.#agreement, pipes };
      const applied = await first.thread.ask("apply", config, this.#agreement);
      this.#task = { config };
      this.#note(applied);
      const faults = await this.#askEach(
        others,
        (thread) => thread.ask("apply", config, this.#agreement),
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
    return this.#inTurn(async () => {
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
    return this.#inTurn(() => this.#reload(file)).catch((error: Error) =>
      error.message
    );
  }

  /** Asks all threads how many connections they have, but not for long. */
  async refresh(): Promise<void> {
    const all = this.#living().map(({ thread }) => thread.count());
    await Promise.race([Promise.allSettled(all), this.#elapsed(COUNT_TIME)]);
  }

  /**
   * Drains all threads.
   *
   * @param deadline Milliseconds until connections are cut; 0 is at once.
   * @returns How many were cut.
   */
  async shutdown(deadline: number): Promise<number> {
    this.#isEnding = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const [first, ...others] = this.#living();
    const ofOthers = Promise.all(
      others.map((slot) => this.#shutdownOne(slot, deadline)),
    );
    // It keeps what all have counted.
    void ofOthers.then(() => first?.thread.send({ type: "last" }));
    const ofFirst = first && this.#shutdownOne(first, deadline);
    const cut = await Promise.all([ofFirst ?? 0, ofOthers]);
    return cut.flat().reduce((sum, count) => sum + count, 0);
  }

  /** Lets threads write what they have to say, and ends them. */
  async close(): Promise<void> {
    this.#isEnding = true;
    const all = this.#living().map(async ({ link, thread }) => {
      await link?.end(false);
      await thread.ask("flush");
    });
    await Promise.race([Promise.allSettled(all), this.#elapsed(GRACE)]);
    this.end();
  }

  /** Ends all threads at once. */
  end(): void {
    this.#isEnding = true;
    clearInterval(this.#looking);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { link, thread } of this.#slots) {
      void link?.end(true);
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
    if (first === undefined) throw new WorkerEnded("No worker serves");
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
    const { entry, times, watch } = this.#options;
    const thread: WorkerThread = new WorkerThread({
      entry: entry ?? import.meta.resolve("./entry.ts"),
      patience: times?.patience ?? PATIENCE,
      onNews: (news) => this.#take(news, index, thread),
    });
    const link = watch?.(index);
    if (link !== undefined) {
      const { ids, port } = link;
      thread.send({ type: "watch", port, ids }, [port]);
    }
    return { index, thread, link, isServing: false };
  }

  async #startOne(
    slot: Slot,
    { isFirst = false, isReplacing = false } = {},
  ): Promise<WorkerStarted> {
    const { index, link, thread } = slot;
    const { count, logging } = this.#options;
    await thread.ready;
    const started = await thread.ask("start", {
      thread: { index, count },
      task: this.#task,
      agreement: this.#agreement,
      log: logging,
      descriptors: this.#descriptors,
      memory: this.#memory,
      clockLead: clockLead(),
      dials: this.#dials,
      isFirst,
      isReplacing,
    });
    link?.serve();
    slot.isServing = true;
    return started;
  }

  #note(started: WorkerStarted): void {
    this.#started = started;
    this.#agreement = started.agreement;
  }

  #take(news: WorkerNews, index: number, thread: WorkerThread): void {
    if (news.type === "copy") {
      const { name, settings } = news;
      const states = this.#bans.copy(name, settings);
      thread.send({ type: "bans", name, states });
    } else if (news.type === "ban") {
      const { action, name } = news;
      const states = this.#bans.decide(name, action);
      for (const { thread } of this.#slots) {
        thread.send({ type: "bans", name, states });
      }
    } else if (news.type === "whose") {
      void passOnWhose(thread, news, this.#dialling(thread));
    } else if (this.#isNews(news.event, index)) {
      const held = this.#held;
      if (held !== undefined && held.length < MOST_HELD) held.push(news.event);
      else this.#options.log(news.event);
    }
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
      this.#deaths = this.#deaths.filter((at) =>
        at > performance.now() - DEATH_WINDOW
      );
      // A file that is broken now must not end those who read it before.
      const isRefused = !slot.isServing && this.#serving().length > 0;
      if (!isRefused) this.#deaths.push(performance.now());
      void slot.link?.end(true);
      Atomics.store(new Int32Array(this.#dials), slot.index, 0);
      const isLast = !isRefused && this.#deaths.length >= MOST_DEATHS;
      this.#sayEnd(slot, why);
      const { first, most } = BACK_OFF;
      const pause = isRefused
        ? RETRY
        : Math.min(first * 2 ** (this.#deaths.length - 1), most);
      if (!isLast) this.#later(pause, () => this.#replace(slot));
      else {
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
      this.#later(BACK_OFF.first, () => this.#replace(slot));
      return;
    }
    Object.assign(slot, this.#begin(slot.index));
    void this.#inTurn(() => {
      if (this.#isEnding) throw new WorkerEnded("the program ends");
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
    const timer = this.#later(deadline + GRACE, () => {
      thread.end("it did not end in time");
    });
    try {
      return await thread.ask("shutdown", deadline);
    } catch (error) {
      if (!(error instanceof WorkerEnded)) throw error;
      return this.#sayEnd(slot, error.message);
    } finally {
      this.#cancel(timer);
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
        if (error instanceof WorkerEnded) return;
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

  /**
   * Acts when nobody else does. What the first thread says of a change is true
   * when all have made it, and said then. Whoever takes longer than a turn, as
   * over a file that never comes to its end, holds up nobody any more.
   */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = this.#turn.then(async () => {
      const held: LogEvent[] = this.#held = [];
      const end = () => {
        if (this.#held === held) this.#held = undefined;
        held.splice(0).forEach(this.#options.log);
        resolve();
      };
      const timer = this.#later(this.#options.times?.turn ?? TURN, end);
      try {
        return await act();
      } finally {
        this.#cancel(timer);
        end();
      }
    });
    this.#turn = promise;
    return turn;
  }

  #elapsed(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#later(milliseconds, resolve));
  }

  #later(
    milliseconds: number,
    act: () => void,
  ): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  #cancel(timer: ReturnType<typeof setTimeout>): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #say(level: "info" | "error", message: string): void {
    this.#options.log({ event: "message", level, message });
  }
}
