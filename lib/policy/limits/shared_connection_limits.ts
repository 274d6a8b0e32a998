/**
 * Limits connections across several threads.
 *
 * @module
 */

import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import type { SharedTable, SharedTableShape } from "../../sync/shared/table.ts";
import {
  ConnectionLimits,
  type ConnectionLimitsOptions,
  type FullLimit,
  type Lease,
  MOST_REFUSED,
} from "./connection_limits.ts";

/** Most entries of a table, however many connections are allowed. */
const MOST_PLACES = { client: 262_144, user: 65_536 } as const;

/** Bytes of an address as text, and of a user name (RFC 1929 §2). */
const KEY_BYTES = { client: 48, user: 256 } as const;

/**
 * Returns the shape of the table for {@linkcode SharedConnectionLimits}.
 *
 * @param most Most connections in total.
 * @param per Kind of key: client or user.
 */
export function connectionTable(
  most: number,
  per: "client" | "user",
): Omit<SharedTableShape, "threads"> {
  return {
    capacity: Math.min(most, MOST_PLACES[per]),
    keyBytes: KEY_BYTES[per],
  };
}

/** Shape of the table in which threads announce offered places. */
export const OFFERS_TABLE = { capacity: 4, keyBytes: 8 } as const;

/** The only key in that table. */
const OFFERS = "offers";

/** Milliseconds between two checks whether another thread needs a place. */
const LOOK = 50;

/** Milliseconds that another thread has to give way. */
const ANSWER = 150;

/** The tables in which threads count together. */
export interface SharedCounts {
  /** Connections of each client or user. */
  table: SharedTable;
  /** Offered places (default: only within one thread). */
  offers?: SharedTable;
  /** Number of threads. */
  threads: number;
}

/** Counts connections together with other threads. */
export class SharedConnectionLimits extends ConnectionLimits {
  /** Connections of each client or user. */
  protected readonly table: SharedTable;
  readonly #threads: number;
  readonly #offers: SharedTable | undefined;
  /** Offered places that this thread has announced. */
  #announced = 0;
  /** Calls of other threads that this thread has answered. */
  #answered = 0;
  #look: Deadline | undefined;
  #answer: Promise<void> | undefined;

  /**
   * Creates limits.
   *
   * @param most Most connections in total.
   * @param where Tables, and the number of threads.
   * @param options What to count, and by which key.
   */
  constructor(
    most: number,
    { table, offers, threads }: SharedCounts,
    options: ConnectionLimitsOptions = {},
  ) {
    super(most, options);
    this.table = table;
    this.#threads = threads;
    this.#offers = offers;
  }

  /** This thread's part of the places for refused connections. */
  protected override get mostKept(): number {
    return Math.ceil(MOST_REFUSED / this.#threads);
  }

  /** Connections with a place in any thread. */
  override get total(): number {
    return this.table.exclusively(() => this.table.total);
  }

  /** Clients or users with a connection in any thread. */
  override get clients(): number {
    return this.table.exclusively(() => this.table.entries().length);
  }

  /**
   * Waits for another thread to give way, if one was asked.
   *
   * @returns The place, if one is available afterwards; `undefined` if no
   *   thread was asked.
   */
  override awaitRoom(
    client: string,
    mostOfClient: number,
  ): Promise<Lease | undefined> | undefined {
    return this.#answer?.then(() => this.tryAdmit(client, mostOfClient));
  }

  /** Asks other threads to give way, if they offer places. */
  protected override callOthers(): void {
    const offers = this.#offers;
    if (offers === undefined) return;
    if (offers.exclusively(() => offers.total) === this.#announced) return;
    offers.touch();
    this.#answer ??= new Promise((resolve) => {
      setDeadline(ANSWER, () => {
        this.#answer = undefined;
        resolve();
      });
    });
  }

  /**
   * Announces this thread's offers, and answers calls as long as it has any.
   *
   * @param count Number of offered places.
   */
  protected override offersChanged(count: number): void {
    const offers = this.#offers;
    if (offers === undefined) return;
    offers.exclusively(() => {
      const entry = offers.enter(OFFERS);
      if (entry !== undefined) offers.addShare(entry, count - this.#announced);
    });
    const isFirst = this.#announced === 0;
    this.#announced = count;
    if (count === 0) this.#look?.clear();
    else if (isFirst) {
      this.#answered = offers.revision;
      this.#listen();
    }
  }

  /**
   * Gives up one place for each call. All threads do so, because they cannot
   * coordinate.
   */
  #listen(): void {
    this.#look = setDeadline(LOOK, () => {
      const { revision } = this.#offers!;
      while (this.#answered < revision) {
        this.#answered++;
        if (!this.giveWay()) return; // No offers are left.
      }
      if (this.#announced > 0) this.#listen();
    });
  }

  /**
   * Takes a place, if one is available.
   *
   * @param key Client or user.
   * @param most Places in total.
   * @param mostOfOne Places of one client or user; 0 disables this limit.
   * @returns The limit that is reached; `undefined` if the place was taken.
   */
  protected override take(
    key: string,
    most: number,
    mostOfOne: number,
  ): FullLimit | undefined {
    const { table } = this;
    return table.exclusively(() => {
      if (table.total >= most) return "all";
      const entry = table.enter(key);
      if (entry === undefined) return "all";
      if (mostOfOne > 0 && table.sharesOf(entry) >= mostOfOne) return "one";
      table.addShare(entry, 1);
      return undefined;
    });
  }

  /**
   * Returns a place.
   *
   * @param key Client or user.
   */
  protected override give(key: string): void {
    const { table } = this;
    table.exclusively(() => {
      const entry = table.find(key);
      if (entry !== undefined) table.addShare(entry, -1);
    });
  }
}
