/**
 * Measures how late the event loop runs. Every connection waits this long when
 * the program is overloaded.
 *
 * @module
 */

/** Milliseconds between two measurements. */
const STEP = 250;

/** Measurements per window; {@linkcode LoopDelay.worst} covers two windows. */
const WINDOW = 20;

/** Measures the event loop until it is disposed of. */
export class LoopDelay implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #due = performance.now() + STEP;
  #worst = 0;
  #worstBefore = 0;
  #looks = 0;

  /** Starts measuring. */
  constructor() {
    this.#timer = setInterval(() => this.#look(), STEP);
  }

  /**
   * The largest delay of a timer within the last 5 to 10 s, in milliseconds.
   */
  get worst(): number {
    return Math.max(this.#worst, this.#worstBefore);
  }

  /** Stops measuring. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#due);
    this.#due = now + STEP;
    if (++this.#looks < WINDOW) return;
    this.#looks = 0;
    this.#worstBefore = this.#worst;
    this.#worst = 0;
  }
}
