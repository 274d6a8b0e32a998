/**
 * The end of a part that is in the worker: answers what it is asked over a
 * message port.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { Registry } from "../serve/registry.ts";
import { LoopDelay } from "../observe/loop_delay.ts";
import { answer } from "./local_part.ts";
import { PartAnswers } from "./part_answers.ts";
import type { PartFigures } from "./part_figures.ts";
import type { PartQuestion, PartReply } from "./part_message.ts";

/**
 * Answers questions about the connections of this worker. The other end is a
 * `RemotePart`.
 *
 * @param port Where questions come from.
 * @param registry Connections; their numbers are to be from a counter that all
 *   workers share.
 * @returns Answers no more, and closes the port, when disposed of.
 */
export function servePart(port: MessagePort, registry: Registry): Disposable {
  const delay = new LoopDelay();
  const answers = new WorkerAnswers(registry, delay);
  port.onmessage = ({ data }: MessageEvent<PartQuestion>) =>
    port.postMessage(replyTo(answers, data));
  return {
    [Symbol.dispose]() {
      delay[Symbol.dispose]();
      port.close();
    },
  };
}

/** What a worker uses of the program is told with its figures. */
class WorkerAnswers extends PartAnswers {
  readonly #delay: LoopDelay;

  constructor(registry: Registry, delay: LoopDelay) {
    super(registry);
    this.#delay = delay;
  }

  override figures(): PartFigures {
    const { heapUsed: heap } = Deno.memoryUsage();
    const loopDelay = this.#delay.worst;
    return { ...super.figures(), thread: { heap, loopDelay } };
  }
}

function replyTo(
  answers: PartAnswers,
  { asked, number, question }: PartQuestion,
): PartReply {
  try {
    // Both ends are the same program: what is asked is what can be asked.
    return { number, answer: answer(answers, question, asked as never) };
  } catch (error) {
    return { number, mistake: describeError(error) };
  }
}
