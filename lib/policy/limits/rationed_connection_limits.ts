/**
 * Limits the connections of several machines together.
 *
 * @module
 */

import { setDeadline } from "../../sync/deadline.ts";
import type { SharedTableShape } from "../../sync/shared/table.ts";
import {
  type ConnectionLimitsOptions,
  type FullLimit,
  type Lease,
  MOST_REFUSED,
} from "./connection_limits.ts";
import { ALL, RATION_VALUES, type Rations, type Taken } from "./rations.ts";
import {
  connectionTable,
  SharedConnectionLimits,
  type SharedCounts,
} from "./shared_connection_limits.ts";

/** Milliseconds that a connection waits for a place of another machine. */
const WAIT = 1_000;

/** Milliseconds between two checks whether a place was granted. */
const LOOK = 5;

/** Milliseconds between two attempts to take a place that this machine had. */
const RETRY = 100;

/**
 * Milliseconds without a further wait after one in vain: the limit is reached,
 * and clients should hear so immediately.
 */
const PAUSE = 500;

/** Most clients and users in a pause. */
const MOST_PAUSES = 1_000;

/** Entries without a connection: called keys, and those with spare places. */
const MOST_SPARE = 32_768;

/**
 * Returns the shape of the table for {@linkcode RationedConnectionLimits}.
 *
 * @param most Most connections on this machine.
 * @param per Kind of key.
 */
export function rationTable(
  most: number,
  per: "client" | "user",
): Omit<SharedTableShape, "threads"> {
  const { capacity, keyBytes } = connectionTable(most, per);
  return { capacity: capacity + MOST_SPARE, keyBytes, values: RATION_VALUES };
}

/** Where rations come from. */
export interface RationSource {
  /** Rations in the same table. */
  rations: Rations;
  /** Most connections over all machines; 0 disables this limit. */
  most: number;
  /** Tells whether this machine may admit anything now. */
  isOpen(): boolean;
  /**
   * Tells that a key needs places. Called inside of the table's lock.
   *
   * @param key Client or user, or `ALL`.
   * @param isWaiting Whether a connection waits; otherwise places run low.
   * @returns Whether that was heard.
   */
  tell(key: string, isWaiting: boolean): boolean;
}

/** A connection that waits for a place. */
interface Waiter {
  readonly client: string;
  readonly mostOfClient: number;
  readonly until: number;
  readonly resolve: (lease: Lease | undefined) => void;
}

/** Counts connections together with other machines. */
export class RationedConnectionLimits extends SharedConnectionLimits {
  readonly #source: RationSource;
  readonly #waiters = new Set<Waiter>();
  /** Ends of pauses, in the order in which they began. */
  readonly #pauses = new Map<string, number>();
  #revision = 0;
  #retryAt = 0;

  /**
   * Creates limits.
   *
   * @param most Most connections on this machine.
   * @param where Tables and number of the threads.
   * @param source Rations of this machine.
   * @param options What to count, and by what.
   */
  constructor(
    most: number,
    where: SharedCounts,
    source: RationSource,
    options: ConnectionLimitsOptions = {},
  ) {
    super(most, where, options);
    this.#source = source;
  }

  /** Clients or users with a connection, in all threads. */
  override get clients(): number {
    const { table } = this;
    return table.exclusively(() =>
      table.entries().filter(([, entry]) => table.sharesOf(entry) > 0).length
    );
  }

  /** The smaller limit in all. */
  protected override get most(): number {
    return Math.min(super.most, this.#source.most || Infinity);
  }

  /**
   * Waits for a place of another thread or machine.
   *
   * @returns The place, if one was given within a second; `undefined` if this
   *   client or user has just waited in vain.
   */
  override awaitRoom(
    client: string,
    mostOfClient: number,
  ): Promise<Lease | undefined> | undefined {
    const now = performance.now();
    if (now < (this.#pauses.get(client) ?? 0)) return undefined;
    if (this.#waiters.size >= MOST_REFUSED) return undefined;
    const { promise, resolve } = Promise.withResolvers<Lease | undefined>();
    const until = now + WAIT;
    this.#waiters.add({ client, mostOfClient, until, resolve });
    if (this.#waiters.size === 1) this.#lookLater();
    return promise;
  }

  #lookLater(): void {
    setDeadline(LOOK, () => this.#look());
  }

  #look(): void {
    const { revision } = this.#source.rations;
    const now = performance.now();
    const isChanged = revision !== this.#revision || now >= this.#retryAt;
    if (isChanged) this.#retryAt = now + RETRY;
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      const { client, mostOfClient, resolve, until } = waiter;
      const isLate = now >= until;
      if (!isChanged && !isLate) continue;
      const lease = this.tryAdmit(client, mostOfClient);
      if (lease === undefined && !isLate) continue;
      if (lease === undefined) this.#pause(client, now + PAUSE);
      this.#waiters.delete(waiter);
      resolve(lease);
    }
    if (this.#waiters.size > 0) this.#lookLater();
  }

  #pause(client: string, until: number): void {
    this.#pauses.delete(client); // Becomes the newest entry.
    this.#pauses.set(client, until);
    if (this.#pauses.size <= MOST_PAUSES) return;
    const [oldest] = this.#pauses.keys();
    this.#pauses.delete(oldest!);
  }

  /**
   * Takes a place, if this machine may have one more.
   *
   * @param key Client or user.
   * @param most Places on this machine.
   * @param mostOfOne Places of one client or user over all machines; 0 disables
   *   this limit.
   * @returns The limit that is reached; `undefined` if the place was taken.
   */
  protected override take(
    key: string,
    most: number,
    mostOfOne: number,
  ): FullLimit | undefined {
    const { table } = this;
    return table.exclusively(() => {
      const { total } = table;
      const { isOpen, rations } = this.#source;
      rations.look();
      if (!isOpen()) return "away";
      if (total >= most) return "all";
      if (!this.#mayTakeOneOfAll(total)) return rations.isOver ? "away" : "all";
      const entry = table.enter(key);
      if (entry === undefined) return "all";
      if (mostOfOne > 0) {
        const used = table.sharesOf(entry);
        const taken = rations.take(entry, used, mostOfOne);
        if (!this.#heed(taken, key, entry)) {
          return rations.isOver ? "away" : "one";
        }
      }
      table.addShare(entry, 1);
      return undefined;
    });
  }

  #mayTakeOneOfAll(total: number): boolean {
    const { most, rations } = this.#source;
    if (most === 0) return true;
    const { all } = rations;
    return this.#heed(rations.take(all, total, most), ALL, all);
  }

  /** Returns whether there was a place, and tells if they run out. */
  #heed(taken: Taken, key: string, entry: number): boolean {
    if (taken === "free") return true;
    if (taken === "none, told") return false;
    const { rations, tell } = this.#source;
    if (!tell(key, taken === "none")) rations.hear(entry); // Told next time.
    return taken === "last";
  }
}
