/**
 * A part of the program that takes connections, as whoever watches sees it: the
 * only thread, or one of several.
 *
 * @module
 */

import type { PartAnswers } from "./part_answers.ts";
import type { PartFigures } from "./part_figures.ts";

/** What a part can be asked. */
export type Question = keyof PartAnswers;

/** What a question is asked with. */
export type Asked<Q extends Question> = Parameters<PartAnswers[Q]>;

/** What a question is answered with. */
export type Answered<Q extends Question> = ReturnType<PartAnswers[Q]>;

/** A part of the program that takes connections. */
export interface Part {
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
  figuresNow?(): PartFigures;
  /** Asks it nothing any more. */
  close(): void;
}
