/**
 * Limits how often something happens.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { elapsed } from "./elapsed.ts";

/**
 * Allows a number of events per second, and the same number in one burst after
 * a pause. It stores only the time at which the next event is due at an even
 * rate (the generic cell rate algorithm), which needs no timer to fill a
 * bucket.
 */
export class RateLimiter {
  readonly #interval: number;
  readonly #now: () => number;
  #due = -Infinity;

  /**
   * Creates a limiter that has counted no event.
   *
   * @param rate Events per second and per burst; 0 disables the limit.
   * @param now Returns milliseconds since any fixed time.
   */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#interval = rate === 0 ? 0 : 1000 / rate;
    this.#now = now;
  }

  /**
   * Counts an event.
   *
   * @returns Milliseconds to wait before the event; 0 if it may happen now.
   */
  take(): number {
    if (this.#interval === 0) return 0;
    const now = this.#now();
    this.#due = Math.max(this.#due, now - 1000) + this.#interval;
    return Math.max(0, this.#due - now);
  }

  /**
   * Counts an event, and waits until it may happen.
   *
   * @param context Ends the wait when cancelled.
   * @throws The reason of the cancellation.
   */
  async acquire(context: Context): Promise<void> {
    const milliseconds = Math.ceil(this.take());
    if (milliseconds === 0) return;
    await elapsed(milliseconds, context);
    context.throwIfCancelled();
  }
}
