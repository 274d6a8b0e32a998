/**
 * Waiting for work that was started here and there.
 *
 * @module
 */

/** Counts what is under way and tells when nothing is. */
export class WaitGroup {
  #count = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** How many tasks are under way. */
  get size(): number {
    return this.#count;
  }

  /**
   * Counts a task until it settles.
   *
   * @param task What to wait for. A rejection ends it like a result does, and
   *   stays the caller's to handle.
   */
  add(task: Promise<unknown>): void {
    this.enter();
    const done = () => this.leave();
    task.then(done, done);
  }

  /** Counts a task that says itself when it ends. */
  enter(): void {
    this.#count++;
  }

  /** Ends one task that was counted by {@linkcode WaitGroup.enter}. */
  leave(): void {
    this.#count--;
    if (this.#count > 0) return;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /**
   * Waits until nothing is under way.
   *
   * @returns At once where that is so already.
   */
  async wait(): Promise<void> {
    if (this.#count === 0) return;
    this.#waiting ??= Promise.withResolvers();
    await this.#waiting.promise;
  }
}
