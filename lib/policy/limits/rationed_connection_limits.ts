/**
 * Limits connections across several machines.
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

/** Milliseconds that a connection waits for a place from another machine. */
const WAIT = 1_000;

/** Milliseconds between two checks whether a place was granted. */
const LOOK = 5;

/**
 * Milliseconds between two attempts to take a place of this machine's ration.
 */
const RETRY = 100;

/**
 * Milliseconds without another wait after one that failed. The limit is
 * probably reached, so clients are refused immediately.
 */
const PAUSE = 500;

/** Most clients and users whose pauses are remembered. */
const MOST_PAUSES = 1_000;

/** Entries without a connection: called keys and keys with spare places. */
const MOST_SPARE = 32_768;

/**
 * Returns the shape of the table for {@linkcode RationedConnectionLimits}.
 *
 * @param most Most connections on this machine.
 * @param per Kind of key: client or user.
 */
export function rationTable(
  most: number,
  per: "client" | "user",
): Omit<SharedTableShape, "threads"> {
  const { capacity, keyBytes } = connectionTable(most, per);
  return { capacity: capacity + MOST_SPARE, keyBytes, values: RATION_VALUES };
}

/** The source of rations. */
export interface RationSource {
  /** Rations in the same table. */
  rations: Rations;
  /** Most connections over all machines; 0 disables this limit. */
  most: number;
  /** Returns whether this machine may admit connections now. */
  isOpen(): boolean;
  /**
   * Reports that a key needs places. Called while the table's lock is held.
   *
   * @param key Client or user, or `ALL`.
   * @param isWaiting Whether a connection waits; otherwise places run low.
   * @returns Whether the report was stored.
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
  /** Ends of pauses, oldest pause first. */
  readonly #pauses = new Map<string, number>();
  #revision = 0;
  #retryAt = 0;

  /**
   * Creates limits.
   *
   * @param most Most connections on this machine.
   * @param where Tables, and the number of threads.
   * @param source Rations of this machine.
   * @param options What to count, and by which key.
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

  /** Clients or users with a connection in any thread. */
  override get clients(): number {
    const { table } = this;
    return table.exclusively(() =>
      table.entries().filter(([, entry]) => table.sharesOf(entry) > 0).length
    );
  }

  /**
   * The smaller of the limits on all connections: of this machine or the fleet.
   */
  protected override get most(): number {
    return Math.min(super.most, this.#source.most || Infinity);
  }

  /**
   * Waits for a place from another thread or machine.
   *
   * @returns The place, if one arrives within a second; `undefined` if it does
   *   not, if this client or user has just waited without success, or if too
   *   many connections wait.
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
   * Takes a place, if this machine may use one more.
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

  /** Returns whether a place was available, and reports if places run out. */
  #heed(taken: Taken, key: string, entry: number): boolean {
    if (taken === "free") return true;
    if (taken === "none, told") return false;
    const { rations, tell } = this.#source;
    if (!tell(key, taken === "none")) rations.hear(entry); // Retry next time.
    return taken === "last";
  }
}
