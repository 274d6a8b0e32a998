/**
 * A thread that accepts connections, as the watcher sees it.
 *
 * @module
 */

import type { ThreadAnswers } from "./answers.ts";
import type { ThreadFigures } from "./figures.ts";

/** Questions to a thread. */
export type ThreadQuestion = keyof ThreadAnswers;

/** Arguments of a question. */
export type Asked<Q extends ThreadQuestion> = Parameters<ThreadAnswers[Q]>;

/** Answer to a question. */
export type Answered<Q extends ThreadQuestion> = ReturnType<ThreadAnswers[Q]>;

/** A thread of the program that accepts connections. */
export interface Thread {
  /** Whether it has not answered a question for too long. */
  readonly isSilent: boolean;
  /** Number of the thread; `undefined` for the program's first. */
  readonly worker: number | undefined;
  /**
   * Asks it something.
   *
   * @typeParam Q The question.
   * @returns The answer; `undefined` if it does not answer in time or has
   *   ended. `changes` and `recorded` have no time limit, because their answers
   *   are sent only once.
   */
  ask<Q extends ThreadQuestion>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q> | undefined>;
  /** Returns its figures immediately, if it is the calling thread. */
  figuresNow?(): ThreadFigures;
  /** Stops asking it. */
  close(): void;
}
