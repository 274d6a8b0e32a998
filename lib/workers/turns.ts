/**
 * What concerns all threads, one thing after the other.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { Timers } from "./timers.ts";

/** Messages that are held back until all threads have made a change. */
const MOST_HELD = 1_000;

/** Milliseconds of a turn: more than it takes to give a thread up. */
const TURN = 60_000;

/** Options for {@linkcode Turns}. */
export interface TurnsOptions {
  /** Where its timers belong. */
  timers: Timers;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
  /** Milliseconds that one may take before the next may begin (default 1 min). */
  most?: number | undefined;
}

/** Turns, which come one after the other. */
export class Turns {
  readonly #options: TurnsOptions;
  #last: Promise<unknown> = Promise.resolve();
  #held: LogEvent[] | undefined;

  /**
   * Begins without one.
   *
   * @param options How long each may be.
   */
  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * Acts when nobody else does. What the first thread says of a change is true
   * when all have made it, and said then. Whoever takes longer than a turn, as
   * over a file that never comes to its end, holds up nobody any more.
   *
   * @typeParam T What comes of it.
   * @param act What to do.
   * @returns What came of it.
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
   * Logs what a thread says, at the end of the turn if there is one.
   *
   * @param event What it says.
   */
  log(event: LogEvent): void {
    const held = this.#held;
    if (held !== undefined && held.length < MOST_HELD) held.push(event);
    else this.#options.log(event);
  }
}
