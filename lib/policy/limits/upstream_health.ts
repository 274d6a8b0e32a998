/**
 * Whether an upstream is up, from what was seen of it.
 *
 * @module
 */

/** Options for {@linkcode UpstreamHealth}. */
export interface UpstreamHealthOptions {
  /** Successes in a row that bring it up (default 2). */
  rise?: number;
  /** Failures in a row that take it down (default 3). */
  fall?: number;
  /**
   * Milliseconds after which one that is down may be tried by a client
   * (default 10,000); `Infinity` where checks of our own bring it up.
   */
  retryAfter?: number;
  /** Tells the time, in milliseconds (default `performance.now`). */
  now?: () => number;
}

/** Counts successes and failures of one upstream. It begins up. */
export class UpstreamHealth {
  readonly #rise: number;
  readonly #fall: number;
  readonly #retryAfter: number;
  readonly #now: () => number;
  #isUp = true;
  #inRow = 0;
  #changedAt = -Infinity;
  #retryAt = -Infinity;

  /**
   * Creates the health of an upstream nothing is known of.
   *
   * @param options How much it takes.
   */
  constructor(options: UpstreamHealthOptions = {}) {
    const { rise = 2, fall = 3, retryAfter = 10_000 } = options;
    this.#rise = rise;
    this.#fall = fall;
    this.#retryAfter = retryAfter;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether it is up. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** When it came up after having been down; `-Infinity` where it never did. */
  get upSince(): number {
    return this.#isUp ? this.#changedAt : Infinity;
  }

  /**
   * Asks whether a client may be sent to it. Where it is down, that is so once
   * in a while, to find out; each `true` counts as such a try.
   *
   * @returns Whether it may be tried.
   */
  mayTry(): boolean {
    if (this.#isUp) return true;
    const now = this.#now();
    if (now < this.#retryAt) return false;
    this.#retryAt = now + this.#retryAfter;
    return true;
  }

  /**
   * Notes that a connection was made.
   *
   * @returns Whether it has come up by that.
   */
  succeed(): boolean {
    this.#inRow = this.#isUp ? 0 : this.#inRow + 1;
    if (this.#isUp) return false;
    this.abstain(); // The next client may find out more at once.
    return this.#inRow >= this.#rise && this.#turn(true);
  }

  /**
   * Notes that no connection could be made.
   *
   * @returns Whether it has gone down by that.
   */
  fail(): boolean {
    this.#inRow = this.#isUp ? this.#inRow + 1 : 0;
    return this.#isUp && this.#inRow >= this.#fall && this.#turn(false);
  }

  /**
   * Notes that a try has told nothing of it: where it is down, the next client
   * may find out instead.
   */
  abstain(): void {
    if (Number.isFinite(this.#retryAfter)) this.#retryAt = -Infinity;
  }

  #turn(isUp: boolean): true {
    this.#isUp = isUp;
    this.#inRow = 0;
    this.#changedAt = this.#now();
    this.#retryAt = this.#changedAt + this.#retryAfter;
    return true;
  }
}
