/**
 * Runs changes of all threads one after the other.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { Timers } from "./timers.ts";

/** Most log events held back until all threads have made a change. */
const MOST_HELD = 1_000;

/** Longest turn in milliseconds: more than it takes to give up a thread. */
const TURN = 60_000;

/** Options for {@linkcode Turns}. */
export interface TurnsOptions {
  /** The owner's timers. */
  timers: Timers;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /**
   * Milliseconds after which the next turn may begin anyway (default 1 min).
   */
  most?: number | undefined;
}

/** Turns that run one after the other. */
export class Turns {
  readonly #options: TurnsOptions;
  #last: Promise<unknown> = Promise.resolve();
  #held: LogEvent[] | undefined;

  /**
   * Begins without a turn.
   *
   * @param options Limits and log.
   */
  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * Acts when no other turn is running. What the first thread logs about a
   * change is only true when all have made it, and is logged then. A turn that
   * takes too long, such as over a file without end, no longer delays the next.
   *
   * @typeParam T The result.
   * @param act What to do.
   */
  take<T>(act: () => Promise<T>): Promise<T> {
    const { log, most = TURN, timers } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = this.#last.then(async () => {
      const held: LogEvent[] = this.#held = [];
      const end = () => {
        if (this.#held === held) this.#held = undefined;
        held.splice(0).forEach(log);
        resolve();
      };
      const cancel = timers.later(most, end);
      try {
        return await act();
      } finally {
        cancel();
        end();
      }
    });
    this.#last = promise;
    return turn;
  }

  /**
   * Logs an event of a thread, at the end of the current turn if any.
   *
   * @param event The message.
   */
  log(event: LogEvent): void {
    const held = this.#held;
    if (held !== undefined && held.length < MOST_HELD) held.push(event);
    else this.#options.log(event);
  }
}
