/**
 * Connections from one of several threads to another: a thread that accepts one
 * asks the others which way it has come.
 *
 * ```text
 * thread 1                 supervisor                  thread 2
 *   | (dials)                                             | (accepts)
 *   | <-------- whose -------- | <-------- whose --------- |
 *   | --------- trail -------> | --------- trail --------> | goes on, or refuses
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
import { ThreadEnded } from "../sync/thread_link.ts";

/** Asks another thread, by way of the supervisor or as that. */
export type AskWhose = (arrival: Arrival) => Promise<Trail | undefined>;

/** Options for {@linkcode WorkerDials}. */
export interface WorkerDialsOptions {
  /** What each thread has dialled, see {@linkcode dialCounts}. */
  counts: SharedArrayBuffer;
  /** Number of this thread. */
  index: number;
  /** Asks the supervisor. */
  ask: AskWhose;
}

/** The other threads, as one of them sees them. */
export class WorkerDials implements OtherThreads {
  readonly #counts: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #ask: AskWhose;

  /**
   * Creates the thread's view of the others.
   *
   * @param options Which it is.
   */
  constructor({ ask, counts, index }: WorkerDialsOptions) {
    this.#counts = new Int32Array(counts);
    this.#index = index;
    this.#ask = ask;
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
  async ask(arrival: Arrival): Promise<Trail | undefined> {
    try {
      return await this.#ask(arrival);
    } catch (error) {
      // All of an error that comes from another thread is its text.
      throw new DOMException((error as Error).message, "TimeoutError");
    }
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
 * Asks threads for the trail of a connection that another has accepted.
 *
 * @param arrival What was accepted.
 * @param others Asks each of them.
 * @returns What the one knows that has dialled it.
 * @throws {Error} If one that may have dialled it can't tell.
 */
export function askWhose(
  arrival: Arrival,
  others: readonly AskWhose[],
): Promise<Trail | undefined> {
  return firstKnown(others.map((ask) => askOne(ask, arrival)));
}

/** One that has ended has taken what it dialled with it. */
async function askOne(
  ask: AskWhose,
  arrival: Arrival,
): Promise<Trail | undefined> {
  try {
    return await ask(arrival);
  } catch (error) {
    if (error instanceof ThreadEnded) return undefined;
    throw error;
  }
}
