/**
 * A lock between threads, held for a few instructions at a time.
 *
 * @module
 */

/** Attempts before the thread sleeps, because locks are held only briefly. */
const SPINS = 200;

/** Milliseconds of sleep between two later attempts. */
const NAP = 0.1;

/** The value of a lock that nobody holds. */
const FREE = 0;

/**
 * A lock in shared memory. Code that holds it must not wait or throw. The word
 * stores the owner's number, so that the lock of a dead thread can be freed.
 */
export class SharedLock {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  readonly #owner: number;

  /**
   * Uses a word of shared memory as a lock; 0 means free.
   *
   * @param words The shared memory.
   * @param at Index of the word.
   * @param owner Number of this thread, 0 or more, unique among living threads.
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
   * Waits for the lock.
   *
   * @param patience Milliseconds to wait (default: no limit, because the thread
   *   that supervises the others frees the locks of dead ones).
   * @returns Whether this thread now holds the lock.
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

  /** Releases the lock. */
  release(): void {
    Atomics.store(this.#words, this.#at, FREE);
  }

  /**
   * Releases the lock if a dead thread held it.
   *
   * @param owner Number of the dead thread.
   */
  free(owner: number): void {
    Atomics.compareExchange(this.#words, this.#at, owner + 1, FREE);
  }
}
