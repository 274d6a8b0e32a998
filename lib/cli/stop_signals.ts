/**
 * Signals of the person who wants the program to end.
 *
 * @module
 */

/** Windows has no SIGTERM; Ctrl-Break is what its services get. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Signals to end, one after the other. */
export class StopSignals {
  readonly #raised: string[] = [];
  #waiting: PromiseWithResolvers<string> | undefined;

  /**
   * Does what a signal of the system does.
   *
   * @param name What the log calls it.
   */
  raise(name: string): void {
    if (this.#waiting === undefined) this.#raised.push(name);
    else this.#waiting.resolve(name);
    this.#waiting = undefined;
  }

  /**
   * Waits for one more signal.
   *
   * @returns Its name.
   */
  next(): Promise<string> {
    const name = this.#raised.shift();
    if (name !== undefined) return Promise.resolve(name);
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }
}

/**
 * Begins to listen for signals of the system. To be done at the start:
 * registering the first handler when out of descriptors aborts the process.
 *
 * @returns The signals; to be disposed of.
 */
export function listenForSignals(): StopSignals & Disposable {
  const signals = new StopSignals();
  const handlers = SIGNALS.map((signal) => {
    const handler = () => signals.raise(signal);
    Deno.addSignalListener(signal, handler);
    return { signal, handler };
  });
  return Object.assign(signals, {
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) {
        Deno.removeSignalListener(signal, handler);
      }
    },
  });
}
