/**
 * A bound on how much happens at once.
 *
 * @module
 */

import type { Context } from "./context.ts";

interface Waiter {
  admit: () => void;
}

/** So many permits, given out in the order they were asked for. */
export class Semaphore {
  #free: number;
  #waiters = new Set<Waiter>();

  /**
   * Creates a semaphore with all permits free.
   *
   * @param permits How many, 1 or more.
   * @throws {RangeError} If that is not a whole number above 0.
   */
  constructor(permits: number) {
    if (!Number.isSafeInteger(permits) || permits < 1) {
      throw new RangeError(`Cannot create semaphore: permits is ${permits}`);
    }
    this.#free = permits;
  }

  /** How many permits are free. */
  get free(): number {
    return this.#free;
  }

  /** How many callers wait for a permit. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Takes a permit if one is free and nobody waits.
   *
   * @returns Whether it was taken; if so, {@linkcode Semaphore.release} it.
   */
  tryAcquire(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /**
   * Takes a permit, waiting for one in turn.
   *
   * @param context Ends the wait when cancelled.
   * @throws The reason of the cancellation; no permit is held then.
   */
  async acquire(context: Context): Promise<void> {
    context.throwIfCancelled();
    if (this.tryAcquire()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { admit: resolve };
    this.#waiters.add(waiter);
    const unregister = context.onCancel((reason) => {
      // A permit handed over in this very turn is the caller's to give back.
      if (this.#waiters.delete(waiter)) reject(reason);
    });
    try {
      await promise;
    } finally {
      unregister();
    }
  }

  /** Gives a permit back, to whoever has waited longest. */
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
