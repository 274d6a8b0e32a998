/**
 * A thread of the program besides the first. Every wait for it has a bound.
 *
 * @module
 */

import type { AskThread, ThreadWatcher } from "../../serve/watched_thread.ts";
import { SharedCounter } from "../../sync/shared/counter.ts";
import { ThreadEnded } from "../../sync/thread_link.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import type { Threads } from "./threads.ts";

/** Milliseconds for a thread to answer. */
const ANSWER_TIMEOUT = 2_000;

/** Most unanswered questions; then no more are sent. */
const MOST_ASKED = 1_000;

/** A thread carries out actions even after being busy for a long time. */
const ACTIONS: ReadonlySet<ThreadQuestion> = new Set(
  ["ban", "end", "endMatching", "lift", "record", "rest", "unban"],
);

/** Questions without a time limit, because each answer is given only once. */
const ONCE: ReadonlySet<ThreadQuestion> = new Set(["changes", "recorded"]);

/** Options for {@linkcode OtherThread}. */
export interface OtherThreadOptions {
  /** Number of the thread, for people. */
  worker: number;
  /** Milliseconds for it to answer (default 2,000). */
  timeout?: number;
}

/** Another thread; `answerFor` creates the other end. */
export class OtherThread implements Thread {
  readonly worker: number;

  readonly #ask: AskThread;
  readonly #timeout: number;
  /** Ends the wait for each answer. */
  readonly #waiting = new Set<() => void>();
  /** Questions that timed out. */
  #overdue = 0;
  #isClosed = false;

  /**
   * Connects to the thread.
   *
   * @param options Number and time limit of the thread.
   */
  constructor(
    ask: AskThread,
    { timeout = ANSWER_TIMEOUT, worker }: OtherThreadOptions,
  ) {
    this.worker = worker;
    this.#ask = ask;
    this.#timeout = timeout;
  }

  /** Whether it has not answered a question for too long. */
  get isSilent(): boolean {
    return this.#isClosed || this.#overdue > 0;
  }

  /**
   * Asks it something.
   *
   * @typeParam Q The question.
   * @returns The answer; `undefined` if it does not answer in time or has
   *   ended. `changes` and `recorded` have no time limit, because their answers
   *   are sent only once.
   * @throws {Error} If the thread had an internal error.
   */
  async ask<Q extends ThreadQuestion>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q> | undefined> {
    // Its queue must not grow without bound.
    const isRefused = this.#isClosed || this.#waiting.size >= MOST_ASKED ||
      this.isSilent && !ACTIONS.has(question);
    if (isRefused) return undefined;
    const given = Promise.withResolvers<undefined>();
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#overdue++;
      if (!ONCE.has(question)) given.resolve(undefined);
    }, this.#timeout);
    const giveUp = () => {
      clearTimeout(timer);
      given.resolve(undefined);
    };
    this.#waiting.add(giveUp);
    const answer = this.#answer(question, asked).finally(() => {
      clearTimeout(timer);
      if (isOverdue) this.#overdue--;
      this.#waiting.delete(giveUp);
    });
    return await Promise.race([answer, given.promise]) as
      | Answered<Q>
      | undefined;
  }

  /** Stops asking it; pending questions stay unanswered. */
  close(): void {
    this.#isClosed = true;
    for (const giveUp of this.#waiting) giveUp();
  }

  async #answer(
    question: ThreadQuestion,
    asked: readonly unknown[],
  ): Promise<unknown> {
    try {
      return await this.#ask(question, asked);
    } catch (error) {
      if (error instanceof ThreadEnded) return undefined;
      throw new Error(`Cannot ask worker: ${(error as Error).message}`);
    }
  }
}

/**
 * Registers other threads of the program.
 *
 * @param threads The list that they join.
 * @param isTimed Whether they time the phases of connections.
 * @returns A function that registers a thread.
 */
export function watchThreads(
  threads: Threads,
  isTimed: boolean,
): ThreadWatcher {
  const { memory } = new SharedCounter();
  return {
    watch: { ids: memory, isTimed },
    add(worker, ask) {
      const thread = new OtherThread(ask, { worker });
      const remove = threads.add(thread);
      return async (isDead) => {
        if (isDead) thread.close();
        await remove();
      };
    },
  };
}
