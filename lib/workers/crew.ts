/**
 * The threads that serve, as far as they can be asked.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { ThreadWatcher } from "../serve/watched_thread.ts";
import { ThreadEnded } from "../sync/thread_link.ts";
import type { WorkerThread } from "./thread.ts";

/** Milliseconds without an answer after which it can't be said that it lives. */
const DOUBT = 3_000;

/** The place of a thread, which another takes when it has died. */
export interface Slot {
  /** Its number, from 0. */
  readonly index: number;
  /** The thread. */
  thread: WorkerThread;
  /** Takes it from whoever watches. */
  leave: ReturnType<ThreadWatcher["add"]> | undefined;
  /** Whether it has begun to serve: before, there is nothing to change in it. */
  isServing: boolean;
}

/** The threads that serve. */
export class Crew {
  /** Their places, by their numbers. */
  readonly slots: Slot[] = [];
  readonly #log: (event: LogEvent) => void;

  /**
   * Begins without a thread.
   *
   * @param log Takes what there is to log.
   */
  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /** Connections that were open when threads were last heard of. */
  get connections(): number {
    return this.slots.reduce((sum, { thread }) => sum + thread.connections, 0);
  }

  /** Whether all threads answer. */
  get isAnswering(): boolean {
    return this.slots.every(({ thread }) =>
      thread.isAlive && thread.silence < DOUBT
    );
  }

  /** Those that have not ended. */
  get living(): Slot[] {
    return this.slots.filter(({ thread }) => thread.isAlive);
  }

  /** Those that have begun to serve. */
  get serving(): Slot[] {
    return this.living.filter(({ isServing }) => isServing);
  }

  /**
   * Asks the first, and then all others, to take something: where the first does
   * not take it, none does. Where others differ, that is logged.
   *
   * @typeParam T What they answer.
   * @param what What it is, for the log.
   * @param ask Asks a thread, told what the first has answered if it is another;
   *   throws if that does not take it.
   * @returns What the first has answered, and why others did not take it.
   * @throws What `ask` throws of the first.
   * @throws {ThreadEnded} If none serves.
   */
  async askInTurn<T>(
    what: string,
    ask: (thread: WorkerThread, first?: T) => Promise<T>,
  ): Promise<{ answer: T; faults: readonly string[] }> {
    const [first, ...others] = this.serving;
    if (first === undefined) throw new ThreadEnded("No worker serves");
    const answer = await ask(first.thread);
    const faults = await askEach(others, (thread) => ask(thread, answer));
    for (const fault of faults) {
      const message = `Workers differ, one did not take ${what}: ${fault}`;
      this.#log({ event: "message", level: "error", message });
    }
    return { answer, faults };
  }

  /**
   * Asks all of them the same.
   *
   * @param ask Asks a thread.
   */
  async askAll(ask: (thread: WorkerThread) => Promise<unknown>): Promise<void> {
    await askEach(this.serving, ask);
  }
}

/** What they throw, but for those that have ended and are replaced. */
async function askEach(
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
