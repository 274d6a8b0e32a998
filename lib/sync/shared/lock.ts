/**
 * A lock among threads, for a few instructions at a time.
 *
 * @module
 */

/** Tries before a thread lets others run: whoever holds it needs little. */
const SPINS = 200;

/** Milliseconds that a thread then sleeps between two tries. */
const NAP = 0.1;

/** What nobody holds. */
const FREE = 0;

/**
 * A lock in shared memory. What is done under it must not wait or throw.
 * Whoever has died with it is found out by its number, and the lock is freed.
 */
export class SharedLock {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  readonly #owner: number;

  /**
   * Uses a word of shared memory as a lock; 0 is free.
   *
   * @param words The memory.
   * @param at Which of its words.
   * @param owner Number of this thread, 0 or more, unique among those alive.
   */
  constructor(
    words: Int32Array<SharedArrayBuffer>,
    at: number,
    owner: number,
  ) {
    this.#words = words;
    this.#at = at;
    this.#owner = owner + 1;
  }

  /**
   * Waits until it is ours.
   *
   * @param patience Milliseconds to wait (default: without end; whoever has
   *   died with it is found out by those who don't wait for it).
   * @returns Whether it is ours.
   */
  acquire(patience = Infinity): boolean {
    const words = this.#words;
    let until: number | undefined;
    for (let tries = 0;; tries++) {
      const before = Atomics.compareExchange(
        words,
        this.#at,
        FREE,
        this.#owner,
      );
      if (before === FREE) return true;
      if (tries <= SPINS) continue;
      const now = performance.now();
      until ??= now + patience;
      if (now >= until) return false;
      Atomics.wait(words, this.#at, before, NAP);
    }
  }

  /** Gives it back. */
  release(): void {
    Atomics.store(this.#words, this.#at, FREE);
  }

  /**
   * Frees it where a thread has died that held it.
   *
   * @param owner Number of that thread.
   */
  free(owner: number): void {
    Atomics.compareExchange(this.#words, this.#at, owner + 1, FREE);
  }
}
