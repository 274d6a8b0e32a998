/**
 * A bound on how often something happens.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { setDeadline } from "./deadline.ts";

/**
 * So many events a second; as many may come at once after a pause. Counted by
 * the time at which the next event would be due at the even rate (the generic
 * cell rate algorithm): a number, instead of a timer that fills a bucket.
 */
export class RateLimiter {
  readonly #interval: number;
  readonly #now: () => number;
  #due = -Infinity;

  /**
   * Creates a limiter that has not seen an event yet.
   *
   * @param rate Events a second, and at once; 0 is no limit.
   * @param now Milliseconds from some point in time on.
   */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#interval = rate === 0 ? 0 : 1000 / rate;
    this.#now = now;
  }

  /**
   * Counts an event.
   *
   * @returns Milliseconds to wait until it may happen; 0 is none.
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
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadline = setDeadline(milliseconds, resolve);
    const unregister = context.onCancel(reject);
    try {
      await promise;
    } finally {
      unregister();
      deadline.clear();
    }
  }
}
