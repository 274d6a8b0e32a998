/**
 * The program's first thread, which is also the one that watches.
 *
 * @module
 */

import type { Registry } from "../serve/registry.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import { ThreadAnswers } from "./thread_answers.ts";
import type { ThreadFigures } from "./thread_figures.ts";

/** The own thread: answers are computed on request, without copies. */
export class OwnThread implements Thread {
  /** It answers at once. */
  readonly isSilent = false;
  /** It is the program's first thread. */
  readonly worker: undefined = undefined;

  readonly #answers: ThreadAnswers;

  /**
   * Shows the connections of a registry.
   *
   * @param registry Its connections.
   */
  constructor(registry: Registry) {
    this.#answers = new ThreadAnswers(registry);
  }

  /**
   * Asks it something.
   *
   * @typeParam Q What is asked.
   * @param question What is asked.
   * @returns The answer.
   */
  // deno-lint-ignore require-await
  async ask<Q extends ThreadQuestion>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q>> {
    return answer(this.#answers, question, asked);
  }

  /**
   * Tells what it adds up to at once.
   *
   * @returns That.
   */
  figuresNow(): ThreadFigures {
    return this.#answers.figures();
  }

  /** There is nothing to close. */
  close(): void {}
}

/**
 * Answers a question in the thread that is asked.
 *
 * @typeParam Q What is asked.
 * @param answers Knows the answers.
 * @param question What is asked.
 * @returns The answer.
 */
export function answer<Q extends ThreadQuestion>(
  answers: ThreadAnswers,
  question: Q,
  asked: Asked<Q>,
): Answered<Q> {
  const method = answers[question] as (...asked: Asked<Q>) => Answered<Q>;
  return method.apply(answers, asked);
}
