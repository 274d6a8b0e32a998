/**
 * Answers to names, kept for as long as they hold.
 *
 * @module
 */

import type { NameAnswer } from "./answer.ts";

interface Entry {
  answer: NameAnswer;
  /** When it holds no longer. */
  end: number;
}

/** So many answers; the one not asked for longest makes room. */
export class NameCache {
  readonly #most: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /**
   * Creates an empty cache.
   *
   * @param most Names kept; 0 keeps none.
   * @param now Tells the time in milliseconds.
   */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** How many names there are. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Tells what is known.
   *
   * @param name Name in small letters.
   * @returns The answer, or `undefined` where none holds.
   */
  get(name: string): NameAnswer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    if (entry.end <= this.#now()) return undefined;
    this.#entries.set(name, entry); // Now the last one to go.
    return entry.answer;
  }

  /**
   * Keeps an answer for its time.
   *
   * @param name Name in small letters.
   * @param answer What was found out.
   */
  set(name: string, answer: NameAnswer): void {
    this.#entries.delete(name);
    if (answer.life <= 0 || this.#most === 0) return;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size === this.#most) this.#entries.delete(oldest!);
    this.#entries.set(name, { answer, end: this.#now() + answer.life });
  }
}
