/**
 * Shows the connections of one of several threads to the thread that watches the
 * program.
 *
 * @module
 */

import { LoopDelay } from "../../observe/loop_delay.ts";
import { Registry } from "../../serve/registry.ts";
import type { ThreadWatch, WatchedThread } from "../../serve/watched_thread.ts";
import { SharedCounter } from "../../sync/shared/counter.ts";
import { isTraced } from "../is_traced.ts";
import { answer } from "./own.ts";
import type { ThreadQuestion } from "./thread.ts";
import { ThreadAnswers } from "./answers.ts";
import type { ThreadFigures } from "./figures.ts";

/**
 * Makes the connections of this thread visible to the watcher.
 *
 * @param watch What the watching thread has sent.
 */
export async function watchThread(
  { ids, isTimed }: ThreadWatch,
): Promise<WatchedThread> {
  const counter = new SharedCounter(ids);
  const registry = new Registry({ isTimed, nextId: () => counter.next() });
  if (isTraced()) await (await import("../spans.ts")).openSpans(registry);
  return answerFor(registry);
}

/**
 * Answers questions about the connections of this thread; an `OtherThread` asks
 * them.
 *
 * @param registry The connections.
 * @returns The handler of questions.
 */
export function answerFor(registry: Registry): WatchedThread {
  const delay = new LoopDelay();
  const answers = new WorkerAnswers(registry, delay);
  return {
    registry,
    // Both ends are the same program, so every question is a valid one.
    answer: (question, asked) =>
      answer(answers, question as ThreadQuestion, asked as never),
    [Symbol.dispose]: () => delay[Symbol.dispose](),
  };
}

/** The figures include the thread's resources. */
class WorkerAnswers extends ThreadAnswers {
  readonly #delay: LoopDelay;

  constructor(registry: Registry, delay: LoopDelay) {
    super(registry);
    this.#delay = delay;
  }

  override figures(): ThreadFigures {
    const { heapUsed: heap } = Deno.memoryUsage();
    const loopDelay = this.#delay.worst;
    return { ...super.figures(), load: { heap, loopDelay } };
  }
}
