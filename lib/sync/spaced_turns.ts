/**
 * Spaces out slow work, so that other work runs in between.
 *
 * @module
 */

import type { Context } from "./context.ts";

/** Milliseconds between two turns: enough to accept, read and answer others. */
const REST = 10;

/**
 * Lets callers start one after another. Without it, requests that arrive
 * together would all be processed before the event loop looks at a socket
 * again.
 */
export class SpacedTurns implements Disposable {
  #free: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Waits for a turn. The turn lasts until the caller first awaits something
   * else; the next turn starts some milliseconds later.
   *
   * @param context Ends the wait when cancelled, as soon as the previous turn
   *   ends.
   * @throws The reason of the cancellation.
   */
  async take(context: Context): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#free;
    this.#free = promise;
    await before;
    if (context.cancelled) resolve(); // Passes the turn on.
    context.throwIfCancelled();
    // This timer fires only after the caller has finished its turn.
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(resolve, REST);
    }, 0);
  }

  /** Ends the current pause. Call it when nobody waits any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
