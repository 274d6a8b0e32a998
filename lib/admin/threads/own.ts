/**
 * The program's first thread, which also watches.
 *
 * @module
 */

import type { Registry } from "../../serve/registry.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import { ThreadAnswers } from "./answers.ts";
import type { ThreadFigures } from "./figures.ts";

/** This thread: it computes answers on request, without copies. */
export class OwnThread implements Thread {
  /** It always answers. */
  readonly isSilent = false;
  /** It is the program's first thread. */
  readonly worker: undefined = undefined;

  readonly #answers: ThreadAnswers;

  /**
   * Creates the view of a registry.
   *
   * @param registry The registry of this thread's connections.
   */
  constructor(registry: Registry) {
    this.#answers = new ThreadAnswers(registry);
  }

  /**
   * Asks it something.
   *
   * @typeParam Q The question.
   */
  // deno-lint-ignore require-await
  async ask<Q extends ThreadQuestion>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q>> {
    return answer(this.#answers, question, asked);
  }

  /** Returns its figures immediately. */
  figuresNow(): ThreadFigures {
    return this.#answers.figures();
  }

  /** Does nothing: it has nothing to close. */
  close(): void {}
}

/**
 * Answers a question within the thread.
 *
 * @typeParam Q The question.
 * @param answers The thread's answers.
 */
export function answer<Q extends ThreadQuestion>(
  answers: ThreadAnswers,
  question: Q,
  asked: Asked<Q>,
): Answered<Q> {
  const method = answers[question] as (...asked: Asked<Q>) => Answered<Q>;
  return method.apply(answers, asked);
}
