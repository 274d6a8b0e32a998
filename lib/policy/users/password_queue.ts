/**
 * The checks of passwords that are made to be slow: how many run and wait.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { Semaphore } from "../../sync/semaphore.ts";
import { Refusal } from "../limits/refusal.ts";

/**
 * Checks at once: they take a core each, and one is left for the connections.
 * The threads are those of lookups and file reads too.
 */
export const CHECKS_AT_ONCE: number = Math.max(
  1,
  Math.min(8, navigator.hardwareConcurrency - 1),
);

/** Checks that wait for one of those: about five seconds on two cores. */
const MOST_WAITING = 64;

/** Those of one client: a flood of passwords leaves room for others. */
const MOST_WAITING_OF_CLIENT = 8;

/** Bounds for a {@linkcode PasswordQueue}. */
export interface PasswordQueueOptions {
  /** Checks at once (default one less than there are cores, 8 at most). */
  atOnce?: number;
  /** Checks that wait (default 64). */
  waiting?: number;
  /** Checks of one client that wait (default 8). */
  waitingOfClient?: number;
}

/** Runs so many checks at once, and lets so many wait. */
export class PasswordQueue {
  readonly #permits: Semaphore;
  readonly #most: number;
  readonly #mostOfClient: number;
  readonly #waiting = new Map<string, number>();
  /** Never cancelled: a check is counted also where its client has gone. */
  readonly #context = new Context();

  /**
   * Creates a queue in which nobody waits.
   *
   * @param options Its bounds.
   */
  constructor(options: PasswordQueueOptions = {}) {
    this.#permits = new Semaphore(options.atOnce ?? CHECKS_AT_ONCE);
    this.#most = options.waiting ?? MOST_WAITING;
    this.#mostOfClient = options.waitingOfClient ?? MOST_WAITING_OF_CLIENT;
  }

  /**
   * Runs a check in turn.
   *
   * @typeParam T What it finds.
   * @param client Who asks for it.
   * @returns What it finds.
   * @throws {Refusal} `limit reached`, where too many wait.
   * @throws What the check throws.
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
        "Limit of passwords that wait to be checked",
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
