/**
 * Connections between threads: a thread that accepts one asks the others for
 * its trail.
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

/** Asks other threads through the supervisor, or as the supervisor. */
export type AskWhose = (arrival: Arrival) => Promise<Trail | undefined>;

/** Options for {@linkcode WorkerDials}. */
export interface WorkerDialsOptions {
  /** Number of dials of each thread, see {@linkcode dialCounts}. */
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
   * @param options The thread.
   */
  constructor({ ask, counts, index }: WorkerDialsOptions) {
    this.#counts = new Int32Array(counts);
    this.#index = index;
    this.#ask = ask;
  }

  /** Whether another thread has dialled a connection that may arrive here. */
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
   * @param arrival The accepted connection.
   * @returns The trail, from the thread that dialled it.
   * @throws {Error} If a thread that may have dialled it does not answer in
   *   time.
   */
  async ask(arrival: Arrival): Promise<Trail | undefined> {
    try {
      return await this.#ask(arrival);
    } catch (error) {
      // Of another thread's error only the text arrives.
      throw new DOMException((error as Error).message, "TimeoutError");
    }
  }

  /**
   * Tells them how many connections of this thread may arrive at one of them.
   *
   * @param count How many.
   */
  tell(count: number): void {
    Atomics.store(this.#counts, this.#index, count);
  }
}

/**
 * Creates the counters with which threads share how many of their dials are not
 * accepted yet.
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
 * @param arrival The accepted connection.
 * @param others Asks each of them.
 * @returns The trail, from the thread that dialled it.
 * @throws {Error} If a thread that may have dialled it cannot answer.
 */
export function askWhose(
  arrival: Arrival,
  others: readonly AskWhose[],
): Promise<Trail | undefined> {
  return firstKnown(others.map(async (ask) => {
    try {
      return await ask(arrival);
    } catch (error) {
      // The dials of an ended thread ended with it.
      if (error instanceof ThreadEnded) return undefined;
      throw error;
    }
  }));
}
