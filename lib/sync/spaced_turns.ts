/**
 * Work that takes its time, with time for everything else in between.
 *
 * @module
 */

import type { Context } from "./context.ts";

/** Milliseconds between two turns: enough to accept, read and answer others. */
const REST = 10;

/**
 * Lets one caller after the other begin. Requests that come together would
 * otherwise be worked off before any socket is looked at again.
 */
export class SpacedTurns implements Disposable {
  #free: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Waits for a turn. What the caller does before it waits for something else
   * is its turn; the next one begins some milliseconds later.
   *
   * @param context Ends the wait when cancelled, at the end of the turn before.
   * @throws The reason of the cancellation.
   */
  async take(context: Context): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#free;
    this.#free = promise;
    await before;
    if (context.cancelled) resolve(); // The turn is the next one's.
    context.throwIfCancelled();
    // The first timer runs when the caller is done, however long that takes.
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(resolve, REST);
    }, 0);
  }

  /** Ends the pause that goes on, when nobody waits any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
