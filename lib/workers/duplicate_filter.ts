/**
 * What several threads say, said once.
 *
 * @module
 */

/** Milliseconds in which the same from another thread is not news. */
const WINDOW = 5_000;

/** Texts that are remembered. */
const MOST_TEXTS = 1_000;

interface Said {
  at: number;
  by: Set<number>;
}

/** Tells what has been said by another. */
export class DuplicateFilter {
  readonly #said = new Map<string, Said>();
  readonly #now: () => number;

  /**
   * Remembers nothing yet.
   *
   * @param now Tells the time in milliseconds (default `performance.now`).
   */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Takes what a thread says.
   *
   * @param text What it says.
   * @returns Whether that is news: what one says twice is.
   */
  isNews(text: string, thread: number): boolean {
    const now = this.#now();
    const known = this.#said.get(text);
    if (known !== undefined && now - known.at < WINDOW) {
      if (!known.by.has(thread)) {
        known.by.add(thread);
        return false;
      }
    }
    this.#said.delete(text); // To be the last in order.
    this.#said.set(text, { at: now, by: new Set([thread]) });
    if (this.#said.size > MOST_TEXTS) {
      const [oldest] = this.#said.keys();
      this.#said.delete(oldest!);
    }
    return true;
  }
}
