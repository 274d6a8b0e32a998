/**
 * Whether the server accepts connections, and when it cuts open ones.
 *
 * @module
 */

/** The state of a server's life. */
export class DrainState {
  #isReady = false;
  #until: number | null | undefined;

  /** Whether it is serving: it has started, and no drain has begun. */
  get isReady(): boolean {
    return this.#isReady && this.#until === undefined;
  }

  /** Whether a drain has begun. */
  get isDraining(): boolean {
    return this.#until !== undefined;
  }

  /**
   * When the remaining connections are cut, in milliseconds since 1970; `null`
   * means never, `undefined` that no drain has begun.
   */
  get until(): number | null | undefined {
    return this.#until;
  }

  /** Records that the server has started. */
  start(): void {
    this.#isReady = true;
  }

  /**
   * Records that a drain begins, or that its time is shortened.
   *
   * @param deadline Milliseconds until the remaining connections are cut;
   *   infinity means never.
   */
  drain(deadline: number): void {
    this.#until = Number.isFinite(deadline) ? Date.now() + deadline : null;
  }
}
