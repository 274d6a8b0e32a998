/**
 * Signals that ask the program to end.
 *
 * @module
 */

import { handleSignals } from "./handle_signals.ts";

/** Windows has no SIGTERM; its services get Ctrl-Break. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Exit codes that shells use for a program ended by a signal. */
const SIGNAL_CODE: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  SIGBREAK: 149,
};

/**
 * Returns the exit code of a program that a signal has ended.
 *
 * @param signal Name of the signal.
 * @returns The code that shells use; 1 for a signal that they don't name.
 */
export function signalExitCode(signal: string): number {
  return SIGNAL_CODE[signal] ?? 1;
}

/** Received signals, in order. */
export class StopSignals {
  readonly #raised: string[] = [];
  readonly #first = Promise.withResolvers<string>();
  readonly #second = Promise.withResolvers<string>();
  #count = 0;
  #waiting: PromiseWithResolvers<string> | undefined;

  /** The first signal of all. Any number of callers may wait for it. */
  get first(): Promise<string> {
    return this.#first.promise;
  }

  /** The second signal of all. Any number of callers may wait for it. */
  get second(): Promise<string> {
    return this.#second.promise;
  }

  /**
   * Acts as if the system had sent a signal.
   *
   * @param name Name of the signal for the log.
   */
  raise(name: string): void {
    this.#count++;
    if (this.#count === 1) this.#first.resolve(name);
    if (this.#count === 2) this.#second.resolve(name);
    if (this.#waiting === undefined) this.#raised.push(name);
    else this.#waiting.resolve(name);
    this.#waiting = undefined;
  }

  /**
   * Waits for the next signal.
   *
   * @returns Name of the signal.
   */
  next(): Promise<string> {
    const name = this.#raised.shift();
    if (name !== undefined) return Promise.resolve(name);
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }
}

/**
 * Starts to listen for the system's signals. Call it at the start: registering
 * the first handler when out of descriptors aborts the process.
 *
 * @returns The signals. Disposing of them ends listening.
 */
export function listenForSignals(): StopSignals & Disposable {
  const signals = new StopSignals();
  const handling = handleSignals(SIGNALS.map((signal) => ({
    signal,
    handler: () => signals.raise(signal),
  })));
  return Object.assign(signals, {
    [Symbol.dispose]: () => handling[Symbol.dispose](),
  });
}
