/**
 * The serving threads and how to ask them.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import type { ThreadWatcher } from "../serve/watched_thread.ts";
import { ThreadEnded } from "../sync/thread_link.ts";
import type { WorkerThread } from "./thread.ts";

/**
 * Milliseconds without an answer after which a thread no longer counts as
 * alive.
 */
const DOUBT = 3_000;

/** The place of a thread, which a replacement takes when it dies. */
export interface Slot {
  /** Its number, from 0. */
  readonly index: number;
  /** The thread. */
  thread: WorkerThread;
  /** Removes it from the watcher. */
  leave: ReturnType<ThreadWatcher["add"]> | undefined;
  /** Whether it has begun to serve; before that it has nothing to change. */
  isServing: boolean;
}

/** The threads that serve. */
export class Crew {
  /** Their places by number. */
  readonly slots: Slot[] = [];
  readonly #log: (event: LogEvent) => void;

  /**
   * Begins without a thread.
   *
   * @param log Receives log events.
   */
  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /** Open connections, by the last report of each thread. */
  get connections(): number {
    return this.slots.reduce((sum, { thread }) => sum + thread.connections, 0);
  }

  /** Whether all threads answer. */
  get isAnswering(): boolean {
    return this.slots.every(({ thread }) =>
      thread.isAlive && thread.silence < DOUBT
    );
  }

  /** Threads that have not ended. */
  get living(): Slot[] {
    return this.slots.filter(({ thread }) => thread.isAlive);
  }

  /** Threads that have begun to serve. */
  get serving(): Slot[] {
    return this.living.filter(({ isServing }) => isServing);
  }

  /**
   * Asks the first thread to make a change, then all others. If the first
   * refuses it, none gets it. A refusal by others is logged.
   *
   * @typeParam T The answer.
   * @param what Name of the change, for the log.
   * @param ask Asks a thread; the others get the first one's answer. Throws if
   *   the thread refuses the change.
   * @returns The first one's answer, and why others refused.
   * @throws What `ask` throws for the first.
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
      const message = `Workers differ: one did not accept ${what}: ${fault}`;
      this.#log(messageEvent("error", "workers-differ", message));
    }
    return { answer, faults };
  }

  /** Asks all threads the same. */
  async askAll(ask: (thread: WorkerThread) => Promise<unknown>): Promise<void> {
    await askEach(this.serving, ask);
  }
}

/** Their errors, except of threads that have ended and are replaced. */
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
