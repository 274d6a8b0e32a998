/**
 * A thread of the program that takes connections, as whoever watches sees it:
 * the only one, or one of several.
 *
 * @module
 */

import type { ThreadAnswers } from "./thread_answers.ts";
import type { ThreadFigures } from "./thread_figures.ts";

/** What a thread can be asked. */
export type Question = keyof ThreadAnswers;

/** What a question is asked with. */
export type Asked<Q extends Question> = Parameters<ThreadAnswers[Q]>;

/** What a question is answered with. */
export type Answered<Q extends Question> = ReturnType<ThreadAnswers[Q]>;

/** A thread of the program that takes connections. */
export interface Thread {
  /** Whether it has left a question without an answer for too long. */
  readonly isSilent: boolean;
  /** Number of the thread; `undefined` where it is the program's first. */
  readonly worker: number | undefined;
  /**
   * Asks it something.
   *
   * @typeParam Q What is asked.
   * @param question What is asked.
   * @param asked What it is asked with.
   * @returns The answer; `undefined` where it does not answer in time, or has
   *   ended. That of `changes` is waited for until it ends: it is told once.
   */
  ask<Q extends Question>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q> | undefined>;
  /**
   * Tells what it adds up to at once, where it is in the same thread.
   *
   * @returns That.
   */
  figuresNow?(): ThreadFigures;
  /** Asks it nothing any more. */
  close(): void;
}
