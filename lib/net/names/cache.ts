/**
 * Cached answers, kept for their time to live.
 *
 * @module
 */

import type { NameAnswer } from "./answer.ts";

interface Entry {
  answer: NameAnswer;
  /** When it expires. */
  end: number;
}

/** A cache of limited size that evicts the least recently used answer. */
export class NameCache {
  readonly #most: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /**
   * Creates an empty cache.
   *
   * @param most Names kept; 0 keeps none.
   * @param now Clock in milliseconds.
   */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Number of cached names. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Returns the cached answer.
   *
   * @param name Name in lower case.
   * @returns The answer; `undefined` if none is valid.
   */
  get(name: string): NameAnswer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    if (entry.end <= this.#now()) return undefined;
    this.#entries.set(name, entry); // Now the most recently used.
    return entry.answer;
  }

  /**
   * Caches an answer for its time to live.
   *
   * @param name Name in lower case.
   */
  set(name: string, answer: NameAnswer): void {
    this.#entries.delete(name);
    if (answer.life <= 0 || this.#most === 0) return;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size === this.#most) this.#entries.delete(oldest!);
    this.#entries.set(name, { answer, end: this.#now() + answer.life });
  }
}
