/**
 * Signals of the person who wants the program to end.
 *
 * @module
 */

/** Windows has no SIGTERM; Ctrl-Break is what its services get. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Signals of the person who wants the program to end. */
export interface StopSignals extends Disposable {
  /**
   * Waits for one more signal.
   *
   * @returns Its name.
   */
  next(): Promise<string>;
}

/** Those that the system sends. */
export interface SystemSignals extends StopSignals {
  /**
   * Waits for one more signal.
   *
   * @returns Its name.
   */
  next(): Promise<Deno.Signal>;
}

/**
 * Begins to listen for signals. To be done at the start: registering the first
 * handler when out of descriptors aborts the process.
 *
 * @returns The signals; to be disposed of.
 */
export function listenForSignals(): SystemSignals {
  const caught: Deno.Signal[] = [];
  let waiting: PromiseWithResolvers<Deno.Signal> | undefined;
  const handlers = SIGNALS.map((signal) => {
    const handler = () => {
      if (waiting === undefined) caught.push(signal);
      else waiting.resolve(signal);
      waiting = undefined;
    };
    Deno.addSignalListener(signal, handler);
    return { signal, handler };
  });
  return {
    next() {
      if (caught.length > 0) return Promise.resolve(caught.shift()!);
      waiting ??= Promise.withResolvers();
      return waiting.promise;
    },
    [Symbol.dispose]() {
      for (const { signal, handler } of handlers) {
        Deno.removeSignalListener(signal, handler);
      }
    },
  };
}
