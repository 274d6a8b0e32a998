/**
 * Determines whether an upstream is up, from successes and failures.
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
   * Milliseconds after which a client may try an upstream that is down (default
   * 10,000); `Infinity` if only health checks bring it up.
   */
  retryAfter?: number;
  /** Returns the time in milliseconds (default `performance.now`). */
  now?: () => number;
}

/** Counts successes and failures of one upstream, which starts as up. */
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
   * Creates the health of an unknown upstream.
   *
   * @param options Thresholds and clock.
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

  /**
   * Time of its last change to up; `-Infinity` if it was never down, `Infinity`
   * while it is down.
   */
  get upSince(): number {
    return this.#isUp ? this.#changedAt : Infinity;
  }

  /**
   * Returns whether a client may try it. An upstream that is down may be tried
   * from time to time; each `true` counts as such a try.
   */
  mayTry(): boolean {
    if (this.#isUp) return true;
    const now = this.#now();
    if (now < this.#retryAt) return false;
    this.#retryAt = now + this.#retryAfter;
    return true;
  }

  /**
   * Records a successful connection.
   *
   * @returns Whether this has brought it up.
   */
  succeed(): boolean {
    this.#inRow = this.#isUp ? 0 : this.#inRow + 1;
    if (this.#isUp) return false;
    this.abstain(); // The next client may try immediately.
    return this.#inRow >= this.#rise && this.#turn(true);
  }

  /**
   * Records a failed connection.
   *
   * @returns Whether this has taken it down.
   */
  fail(): boolean {
    this.#inRow = this.#isUp ? this.#inRow + 1 : 0;
    return this.#isUp && this.#inRow >= this.#fall && this.#turn(false);
  }

  /**
   * Records a try without a result. If the upstream is down, the next client
   * may try instead.
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
