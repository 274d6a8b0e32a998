/**
 * Whether the server accepts connections, and until when what is open may last.
 *
 * @module
 */

/** How far a server is in its life. */
export class DrainState {
  #isReady = false;
  #until: number | null | undefined;

  /** Whether it serves: it has started, and no drain has begun. */
  get isReady(): boolean {
    return this.#isReady && this.#until === undefined;
  }

  /** Whether a drain has begun. */
  get isDraining(): boolean {
    return this.#until !== undefined;
  }

  /**
   * When the rest is cut, in milliseconds since 1970; `null` is never, and
   * `undefined` that no drain has begun.
   */
  get until(): number | null | undefined {
    return this.#until;
  }

  /** Says that it has started. */
  start(): void {
    this.#isReady = true;
  }

  /**
   * Says that a drain begins, or has less time left.
   *
   * @param deadline Milliseconds until the rest is cut; not finite is never.
   */
  drain(deadline: number): void {
    this.#until = Number.isFinite(deadline) ? Date.now() + deadline : null;
  }
}
