/**
 * All serving threads as one: started together, replaced when one dies, drained
 * together.
 *
 * @module
 */

import { knownPipes } from "../cli/read_file.ts";
import { StartError } from "../cli/usage_error.ts";
import type { Reloadable } from "../cli/watch_files.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { Announcement } from "../serve/announcement.ts";
import type { Serving } from "../serve/running_server.ts";
import type { PlanChange, ServerPlan } from "../serve/server_plan.ts";
import { ThreadEnded } from "../sync/thread_link.ts";
import { waitAtMost } from "../sync/wait_at_most.ts";
import { Crew, type Slot } from "./crew.ts";
import { Deaths, MOST_DEATHS } from "./deaths.ts";
import { Exchange } from "./exchange.ts";
import { giveBack } from "./thread_counts.ts";
import type { Agreement, WorkerApplied, WorkerStarted } from "./message.ts";
import { Recruits, type RecruitsOptions } from "./recruits.ts";
import { Timers } from "./timers.ts";
import { Turns } from "./turns.ts";

/** Milliseconds between checks of each thread. */
const LOOK = 1_000;

/** Milliseconds without an answer after which a thread is given up. */
const PATIENCE = 10_000;

/** Milliseconds to wait for the counts before a drain. */
const COUNT_TIME = 500;

/** Milliseconds beyond the drain for threads to end and log. */
const GRACE = 5_000;

/** Milliseconds until the next attempt to release what a thread held. */
const HELD_UP = 100;

/** Milliseconds until the next attempt to start a replacement: others serve. */
const RETRY = 5_000;

/** Options for {@linkcode Workers}. */
export interface WorkersOptions extends Omit<RecruitsOptions, "patience"> {
  /** The plan. */
  plan: ServerPlan;
  /** Receives the log events of the program. */
  log: (event: LogEvent) => void;
  /**
   * Milliseconds between checks, of patience, and of the longest turn (default
   * 1 s, 10 s and 1 min).
   */
  times?: { look: number; patience: number; turn?: number } | undefined;
}

/** The threads that serve. */
export class Workers implements Serving {
  /** Rejects when threads die faster than they can be replaced. */
  readonly failed: Promise<never>;
  readonly #options: WorkersOptions;
  readonly #fail = Promise.withResolvers<never>();
  readonly #crew: Crew;
  readonly #exchange: Exchange;
  readonly #recruits: Recruits;
  readonly #timers = new Timers();
  readonly #turns: Turns;
  readonly #deaths: Deaths;
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
   * Creates threads that are not started.
   *
   * @param options What they run.
   */
  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#turns = new Turns({
      ...{ timers: this.#timers, log: options.log },
      most: options.times?.turn,
    });
    this.#deaths = new Deaths(options.log);
    this.#crew = new Crew(options.log);
    this.#exchange = new Exchange({
      ...{ ...options, crew: this.#crew },
      onSaid: (event) => this.#turns.log(event),
    });
    this.#recruits = new Recruits({
      ...options,
      patience: options.times?.patience ?? PATIENCE,
    }, this.#exchange);
    this.failed = this.#fail.promise;
    this.failed.catch(() => {});
  }

  /** Open connections, by the last report of each thread. */
  get connections(): number {
    return this.#crew.connections;
  }

  /** Connections of threads that died in the shutdown. */
  get lost(): number {
    return this.#deaths.lost;
  }

  /** Whether all threads answer. */
  get isAnswering(): boolean {
    return this.#crew.isAnswering;
  }

  /** The announcements of the server. */
  get banner(): readonly Announcement[] {
    return this.#started?.banner ?? [];
  }

  /** Whether threads write files. */
  get writes(): boolean {
    return this.#started?.writes ?? false;
  }

  /** Each new thread takes handed-over sockets too. */
  get keepsFfi(): boolean {
    return this.#agreement.places.values().some((place) => place.isInherited);
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
   * @throws Why one cannot start; all are ended then.
   */
  async start(): Promise<void> {
    const { count, times } = this.#options;
    this.#looking = setInterval(() => {
      for (const { thread } of this.#crew.slots) thread.look();
    }, times?.look ?? LOOK);
    try {
      for (let index = 0; index < count; index++) {
        this.#crew.slots.push(this.#recruits.begin(index));
      }
      const [first, ...others] = this.#crew.slots;
      this.#note(await this.#start(first!, { isFirst: true }));
      await Promise.all(others.map((slot) => this.#start(slot)));
    } catch (error) {
      this.end();
      if (!(error instanceof ThreadEnded)) throw error;
      throw new StartError(`Cannot start workers: ${error.message}`);
    }
    for (const slot of this.#crew.slots) this.#mind(slot);
  }

  /**
   * Applies another plan to all threads or to none: the first shows whether it
   * starts.
   *
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it.
   */
  replace(plan: ServerPlan): Promise<PlanChange> {
    return this.#turns.take(async () => {
      // The check of the configuration has already read its pipes.
      const pipes = new Map([...this.#agreement.pipes, ...knownPipes()]);
      this.#agreement = { ...this.#agreement, pipes };
      const { answer: { change } } = await this.#crew.askInTurn<WorkerApplied>(
        "another configuration",
        async (thread, first) => {
          const applied = await thread.ask("replace", plan, this.#agreement);
          if (first !== undefined) return applied;
          this.#plan = plan;
          return this.#note(applied);
        },
      );
      return change;
    });
  }

  /** Lets all threads check a file for changes. */
  poll(file: number): Promise<void> {
    return this.#turns.take(() =>
      this.#crew.askAll((thread) => thread.ask("poll", file))
    );
  }

  /**
   * Lets all threads reload a file, or none: the first shows whether it is
   * good.
   *
   * @returns The problem, if any.
   */
  async reload(file: number): Promise<string | undefined> {
    try {
      const { faults } = await this.#turns.take(() =>
        this.#crew.askInTurn("a file", async (thread) => {
          const fault = await thread.ask("reload", file);
          if (fault !== undefined) throw new Error(fault);
        })
      );
      return faults[0];
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Asks all threads how many connections they have, with a time limit. */
  async refresh(): Promise<void> {
    const all = this.#crew.living.map(({ thread }) => thread.count());
    await waitAtMost(COUNT_TIME, Promise.allSettled(all), () => {});
  }

  /**
   * Drains all threads.
   *
   * @param deadline Milliseconds until connections are cut; 0 cuts them
   *   immediately.
   * @returns How many were cut, without the lost ones.
   */
  async shutdown(deadline: number): Promise<number> {
    this.#isEnding = true;
    this.#timers.clear();
    const [first, ...others] = this.#crew.living;
    const ofOthers = Promise.all(
      others.map((slot) => this.#shutdownOne(slot, deadline)),
    );
    // It keeps the counts of all.
    void ofOthers.then(() => first?.thread.tell("last"));
    const ofFirst = first && this.#shutdownOne(first, deadline);
    const cut = await Promise.all([ofFirst ?? 0, ofOthers]);
    return cut.flat().reduce((sum, count) => sum + count, 0);
  }

  /** Lets threads write their last log lines, and ends them. */
  async close(): Promise<void> {
    this.#isEnding = true;
    const all = this.#crew.living.map(async ({ leave, thread }) => {
      await leave?.(false);
      await thread.ask("flush");
    });
    await waitAtMost(GRACE, Promise.allSettled(all), () => {});
    this.end();
  }

  /** Ends all threads immediately. */
  end(): void {
    this.#isEnding = true;
    clearInterval(this.#looking);
    this.#timers.clear();
    for (const { leave, thread } of this.#crew.slots) {
      void leave?.(true);
      thread.end("the program ends");
    }
  }

  #start(
    slot: Slot,
    { isFirst = false, isReplacing = false } = {},
  ): Promise<WorkerStarted> {
    return this.#recruits.start(slot, {
      ...{ agreement: this.#agreement, isFirst, isReplacing },
      plan: this.#plan,
    });
  }

  #note<T extends WorkerStarted>(started: T): T {
    this.#started = started;
    this.#agreement = started.agreement;
    this.#options.fleet?.count(started.agreement.tables);
    return started;
  }

  /** Replaces a thread that dies. */
  #mind(slot: Slot): void {
    void slot.thread.ended.then((why) => {
      if (this.#isEnding) return;
      // A file that is broken now must not end threads that read it before.
      const isRefused = !slot.isServing && this.#crew.serving.length > 0;
      if (!isRefused) this.#deaths.add();
      void slot.leave?.(true);
      this.#exchange.forget(slot.index);
      this.#deaths.say(slot.index, why, this.#agreement.tables);
      if (isRefused || !this.#deaths.areTooMany) {
        const pause = isRefused ? RETRY : this.#deaths.pause;
        this.#timers.later(pause, () => this.#replace(slot));
      } else {
        const many = `${MOST_DEATHS} workers ended within a minute`;
        this.#fail.reject(new StartError(`${many}; Sluice stops`));
      }
    });
  }

  #replace(slot: Slot): void {
    if (!giveBack(this.#agreement.tables, slot.index)) {
      this.#timers.later(HELD_UP, () => this.#replace(slot));
      return;
    }
    Object.assign(slot, this.#recruits.begin(slot.index));
    void this.#turns.take(() => {
      if (this.#isEnding) throw new ThreadEnded("the program ends");
      return this.#start(slot, { isReplacing: true });
    }).then(
      () => this.#deaths.sayReplaced(slot.index),
      (error: Error) => {
        // In a drain it is asked to end like all others.
        if (!this.#isEnding) slot.thread.end(error.message);
      },
    );
    this.#mind(slot);
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
      this.#deaths.sayLast(slot.index, error.message, this.#agreement.tables);
      return 0;
    } finally {
      cancel();
    }
  }
}
