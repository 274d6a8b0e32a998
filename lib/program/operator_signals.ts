/**
 * The end of the program as its operator asks for it from inside, beside the
 * signals of the system.
 *
 * @module
 */

import type { StopSignals } from "../cli/stop_signals.ts";

/** What the log calls it. */
const NAME = "Operator";

/** Signals, one of which may come from inside. */
export class OperatorSignals implements StopSignals {
  readonly #signals: StopSignals;
  readonly #asked: PromiseWithResolvers<string> = Promise.withResolvers();
  #pending: Promise<string> | undefined;
  #isSpent = false;

  /**
   * Adds to what the system sends.
   *
   * @param signals That; disposed of by whoever has made it.
   */
  constructor(signals: StopSignals) {
    this.#signals = signals;
  }

  /** Does what a signal does. Only the first call counts. */
  raise(): void {
    this.#asked.resolve(NAME);
  }

  /**
   * Waits for one more signal.
   *
   * @returns Its name.
   */
  next(): Promise<string> {
    this.#pending ??= this.#signals.next().then((name) => {
      this.#pending = undefined;
      return name;
    });
    if (this.#isSpent) return this.#pending;
    const asked = this.#asked.promise.then((name) => {
      this.#isSpent = true;
      return name;
    });
    return Promise.race([this.#pending, asked]);
  }

  /** Does nothing. */
  [Symbol.dispose](): void {}
}
