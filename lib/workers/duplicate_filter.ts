/**
 * Passes a message on once if several threads log it.
 *
 * @module
 */

/**
 * Milliseconds within which the same message of another thread is a duplicate.
 */
const WINDOW = 5_000;

/** Most texts remembered. */
const MOST_TEXTS = 1_000;

interface Said {
  at: number;
  by: Set<number>;
}

/** Detects messages that another thread has logged already. */
export class DuplicateFilter {
  readonly #said = new Map<string, Said>();
  readonly #now: () => number;

  /**
   * Begins empty.
   *
   * @param now Tells the time in milliseconds (default `performance.now`).
   */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Takes a message of a thread.
   *
   * @param text The message.
   * @returns Whether to log it: a repeat by the same thread is logged again.
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
    this.#said.delete(text); // Becomes the newest entry.
    this.#said.set(text, { at: now, by: new Set([thread]) });
    if (this.#said.size > MOST_TEXTS) {
      const [oldest] = this.#said.keys();
      this.#said.delete(oldest!);
    }
    return true;
  }
}
