/**
 * Limits how much happens at the same time.
 *
 * @module
 */

import type { Context } from "./context.ts";

interface Waiter {
  admit: () => void;
}

/** A number of permits, granted in the order of the requests. */
export class Semaphore {
  #free: number;
  #waiters = new Set<Waiter>();

  /**
   * Creates a semaphore with all permits free.
   *
   * @param permits Number of permits, 1 or more.
   * @throws {RangeError} If `permits` is not a whole number above 0.
   */
  constructor(permits: number) {
    if (!Number.isSafeInteger(permits) || permits < 1) {
      throw new RangeError(`Cannot create semaphore: permits is ${permits}`);
    }
    this.#free = permits;
  }

  /** Number of free permits. */
  get free(): number {
    return this.#free;
  }

  /** Number of callers waiting for a permit. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Takes a permit if one is free and nobody is waiting.
   *
   * @returns Whether the caller now holds a permit, and must {@linkcode
   *   Semaphore.release} it.
   */
  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /**
   * Takes a permit. Waits for one, in the order of the calls.
   *
   * @param context Ends the wait when cancelled.
   * @throws The reason of the cancellation; the caller then holds no permit.
   */
  async acquire(context: Context): Promise<void> {
    context.throwIfCancelled();
    if (this.tryAcquire()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { admit: resolve };
    this.#waiters.add(waiter);
    const unregister = context.onCancel((reason) => {
      // A permit granted in this same turn belongs to the caller, who releases
      // it.
      if (this.#waiters.delete(waiter)) reject(reason);
    });
    try {
      await promise;
    } finally {
      unregister();
    }
  }

  /** Returns a permit, which goes to the caller that has waited longest. */
  release(): void {
    const [next] = this.#waiters;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiters.delete(next);
    next.admit();
  }
}
