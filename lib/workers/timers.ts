/**
 * Timers that are given up together.
 *
 * @module
 */

/** Timers of one owner. */
export class Timers {
  readonly #all = new Set<ReturnType<typeof setTimeout>>();

  /**
   * Does something later, unless it is given up before.
   *
   * @param milliseconds How much later.
   * @param act What to do.
   * @returns Gives it up.
   */
  later(milliseconds: number, act: () => void): () => void {
    const timer = setTimeout(() => {
      this.#all.delete(timer);
      act();
    }, milliseconds);
    this.#all.add(timer);
    return () => {
      clearTimeout(timer);
      this.#all.delete(timer);
    };
  }

  /**
   * Waits, but not for long.
   *
   * @param milliseconds How long at most.
   * @param all What is waited for.
   */
  async settled(
    milliseconds: number,
    all: readonly Promise<unknown>[],
  ): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.later(milliseconds, resolve);
    await Promise.race([Promise.allSettled(all), promise]);
    cancel();
  }

  /** Gives all of them up. */
  clear(): void {
    for (const timer of this.#all) clearTimeout(timer);
    this.#all.clear();
  }
}
