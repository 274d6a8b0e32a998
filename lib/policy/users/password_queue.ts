/**
 * Limits how many slow password checks run and wait.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { Refusal } from "../limits/refusal.ts";

/**
 * Most checks at the same time. Each uses a core, and one core stays free for
 * connections. Lookups and file reads use the same threads.
 */
export const CHECKS_AT_ONCE: number = Math.max(
  1,
  Math.min(8, navigator.hardwareConcurrency - 1),
);

/** Most waiting checks: about five seconds on two cores. */
const MOST_WAITING = 64;

/**
 * Most waiting checks of one client, so that a flood leaves room for others.
 */
const MOST_WAITING_OF_CLIENT = 8;

/** Limits of a {@linkcode PasswordQueue}. */
export interface PasswordQueueOptions {
  /**
   * Most checks at the same time (default one less than the cores, at most 8).
   */
  atOnce?: number;
  /** Most waiting checks (default 64). */
  waiting?: number;
  /** Most waiting checks of one client (default 8). */
  waitingOfClient?: number;
}

/** Runs a limited number of checks, and lets a limited number wait. */
export class PasswordQueue {
  readonly #permits: Semaphore;
  readonly #most: number;
  readonly #mostOfClient: number;
  readonly #waiting = new Map<string, number>();
  /** Never cancelled: a check counts even if its client has left. */
  readonly #context = new Context();

  /**
   * Creates an empty queue.
   *
   * @param options Limits.
   */
  constructor(options: PasswordQueueOptions = {}) {
    this.#permits = new Semaphore(options.atOnce ?? CHECKS_AT_ONCE);
    this.#most = options.waiting ?? MOST_WAITING;
    this.#mostOfClient = options.waitingOfClient ?? MOST_WAITING_OF_CLIENT;
  }

  /**
   * Runs a check. Waits for a free place, in the order of the calls.
   *
   * @typeParam T Result of the check.
   * @param client Client that asks for the check.
   * @returns The result of the check.
   * @throws {Refusal} `limit reached` if too many checks wait.
   * @throws The error of the check.
   */
  async run<T>(client: string, check: () => Promise<T>): Promise<T> {
    if (!this.#permits.tryAcquire()) await this.#wait(client);
    try {
      return await check();
    } finally {
      this.#permits.release();
    }
  }

  async #wait(client: string): Promise<void> {
    const mine = this.#waiting.get(client) ?? 0;
    if (this.#permits.waiting >= this.#most || mine >= this.#mostOfClient) {
      throw new Refusal(
        "limit reached",
        "Too many passwords are waiting to be checked",
        { limit: "password-checks" },
      );
    }
    this.#waiting.set(client, mine + 1);
    try {
      await this.#permits.acquire(this.#context);
    } finally {
      const left = this.#waiting.get(client)! - 1;
      if (left > 0) this.#waiting.set(client, left);
      else this.#waiting.delete(client);
    }
  }
}
