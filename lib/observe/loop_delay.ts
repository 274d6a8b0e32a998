/**
 * How late the event loop is: what everything waits for when the program has
 * too much to do.
 *
 * @module
 */

/** Milliseconds between two looks. */
const STEP = 250;

/** Looks that the answer is about, and as many before them. */
const WINDOW = 20;

/** Watches the event loop until it is disposed of. */
export class LoopDelay implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #due = performance.now() + STEP;
  #worst = 0;
  #worstBefore = 0;
  #looks = 0;

  /** Begins to watch. */
  constructor() {
    this.#timer = setInterval(() => this.#look(), STEP);
  }

  /** Milliseconds that a timer was late at most, within the last 5 to 10 s. */
  get worst(): number {
    return Math.max(this.#worst, this.#worstBefore);
  }

  /** Ends it. */
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
