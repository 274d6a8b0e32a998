/**
 * Waits for tasks that were started in different places.
 *
 * @module
 */

/** Counts running tasks and resolves when none is left. */
export class WaitGroup {
  #count = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Number of running tasks. */
  get size(): number {
    return this.#count;
  }

  /**
   * Counts a task until it settles.
   *
   * @param task The task. A rejection counts as its end, and the caller still
   *   has to handle it.
   */
  add(task: Promise<unknown>): void {
    this.enter();
    const done = () => this.leave();
    task.then(done, done);
  }

  /** Counts a task that reports its own end. */
  enter(): void {
    this.#count++;
  }

  /** Ends a task counted by {@linkcode WaitGroup.enter}. */
  leave(): void {
    this.#count--;
    if (this.#count > 0) return;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /**
   * Waits until no task is running.
   *
   * @returns Immediately if none is.
   */
  async wait(): Promise<void> {
    if (this.#count === 0) return;
    this.#waiting ??= Promise.withResolvers();
    await this.#waiting.promise;
  }
}
