/**
 * Connections from one of several threads to another: a thread that accepts one
 * asks the others which way it has come.
 *
 * ```text
 * thread 1                 supervisor                  thread 2
 *   | (dials)                                             | (accepts)
 *   | <-------- whose -------- | <-------- whose --------- |
 *   | --------- answer ------> | --------- trail --------> | goes on, or refuses
 * ```
 *
 * @module
 */

import {
  type Arrival,
  firstKnown,
  type OtherThreads,
} from "../net/own_dials.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { FromWorker, ToWorker, WorkerAnswers } from "./message.ts";
import { WorkerEnded, type WorkerThread } from "./thread.ts";

/** Options for {@linkcode WorkerDials}. */
export interface WorkerDialsOptions {
  /** What each thread has dialled, see {@linkcode dialCounts}. */
  counts: SharedArrayBuffer;
  /** Number of this thread. */
  index: number;
  /** Tells the supervisor something. */
  tell: (message: FromWorker) => void;
}

/** What comes of a question. */
export type TrailMessage = Extract<ToWorker, { type: "trail" }>;

/** The other threads, as one of them sees them. */
export class WorkerDials implements OtherThreads {
  readonly #counts: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #tell: WorkerDialsOptions["tell"];
  readonly #asked = new Map<number, PromiseWithResolvers<Trail | undefined>>();
  #last = 0;

  /**
   * Creates the thread's view of the others.
   *
   * @param options Which it is.
   */
  constructor({ counts, index, tell }: WorkerDialsOptions) {
    this.#counts = new Int32Array(counts);
    this.#index = index;
    this.#tell = tell;
  }

  /** Whether any of them has dialled what may arrive here. */
  get areAny(): boolean {
    const { length } = this.#counts;
    for (let index = 0; index < length; index++) {
      if (index !== this.#index && Atomics.load(this.#counts, index) > 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Asks them.
   *
   * @param arrival What was accepted.
   * @returns What the one knows that has dialled it.
   * @throws {Error} If one that may have dialled it can't tell in time.
   */
  ask(arrival: Arrival): Promise<Trail | undefined> {
    const id = ++this.#last;
    const asked = Promise.withResolvers<Trail | undefined>();
    this.#asked.set(id, asked);
    this.#tell({ type: "whose", id, arrival });
    return asked.promise;
  }

  /**
   * Takes an answer.
   *
   * @param message The answer.
   */
  answer({ fault, id, trail }: TrailMessage): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (fault === undefined) asked?.resolve(trail);
    else asked?.reject(new DOMException(fault, "TimeoutError"));
  }

  /**
   * Tells them how many connections of ours may arrive at one of them.
   *
   * @param count How many.
   */
  tell(count: number): void {
    Atomics.store(this.#counts, this.#index, count);
  }
}

/**
 * Makes what threads tell one another by how many connections they have dialled
 * that were not accepted yet.
 *
 * @param threads How many threads there are.
 * @returns Shared memory.
 */
export function dialCounts(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * Int32Array.BYTES_PER_ELEMENT);
}

/**
 * Passes a question on to all other threads, and the answer back.
 *
 * @param asker Who asks.
 * @param question What it asks.
 * @param others The others.
 */
export async function passOnWhose(
  asker: Pick<WorkerThread, "send">,
  { arrival, id }: Extract<FromWorker, { type: "whose" }>,
  others: readonly Pick<WorkerThread, "ask">[],
): Promise<void> {
  const asked = others.map((thread) => askOne(thread, arrival));
  try {
    asker.send({ type: "trail", id, trail: await firstKnown(asked) });
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    asker.send({ type: "trail", id, fault });
  }
}

/** One that has ended has taken what it dialled with it. */
async function askOne(
  thread: Pick<WorkerThread, "ask">,
  arrival: Arrival,
): ReturnType<WorkerAnswers["whose"]> {
  try {
    return await thread.ask("whose", arrival);
  } catch (error) {
    if (error instanceof WorkerEnded) return undefined;
    throw error;
  }
}
