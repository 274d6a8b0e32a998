/**
 * Handlers of signals that end together.
 *
 * @module
 */

/** What to do at a signal. */
export interface SignalHandler {
  /** The signal. */
  readonly signal: Deno.Signal;
  /** Called each time that it arrives. */
  readonly handler: () => void;
}

/**
 * Starts to handle signals.
 *
 * @param handlers All handlers.
 * @returns Disposing of it ends all of them.
 */
export function handleSignals(handlers: readonly SignalHandler[]): Disposable {
  for (const { handler, signal } of handlers) {
    Deno.addSignalListener(signal, handler);
  }
  return {
    [Symbol.dispose]() {
      for (const { handler, signal } of handlers) {
        Deno.removeSignalListener(signal, handler);
      }
    },
  };
}
