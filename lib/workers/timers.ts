/**
 * Timers that are cancelled together.
 *
 * @module
 */

/** Timers of one owner. */
export class Timers {
  readonly #all = new Set<ReturnType<typeof setTimeout>>();

  /**
   * Does something later, unless cancelled.
   *
   * @param milliseconds The delay.
   * @param act What to do.
   * @returns Cancels it.
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

  /** Cancels all of them. */
  clear(): void {
    for (const timer of this.#all) clearTimeout(timer);
    this.#all.clear();
  }
}
