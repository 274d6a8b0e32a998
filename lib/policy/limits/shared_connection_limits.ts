/**
 * How many connections are served at once by several threads.
 *
 * @module
 */

import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import type { SharedTable, SharedTableShape } from "../../sync/shared/table.ts";
import {
  ConnectionLimits,
  type ConnectionLimitsOptions,
  type FullLimit,
  MOST_REFUSED,
} from "./connection_limits.ts";

/** Most places that a table is made for, however many connections may be. */
const MOST_PLACES = { client: 262_144, user: 65_536 } as const;

/** Bytes of an address as text, and of a user's name (RFC 1929 §2). */
const KEY_BYTES = { client: 48, user: 256 } as const;

/**
 * Tells which table threads need for {@linkcode SharedConnectionLimits}.
 *
 * @param most Connections in all.
 * @param per Whose are counted.
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

/** The table in which threads tell of the places that they offer. */
export const OFFERS_TABLE = { capacity: 4, keyBytes: 8 } as const;

/** The only key in it. */
const OFFERS = "offers";

/** Milliseconds between two looks at whether another thread needs a place. */
const LOOK = 50;

/** Milliseconds that another thread has to give way. */
const ANSWER = 150;

/** Where threads count together. */
export interface SharedCounts {
  /** Connections of each client or user. */
  table: SharedTable;
  /** Places that are offered (default: only within a thread). */
  offers?: SharedTable;
  /** How many threads there are. */
  threads: number;
}

/** Counts connections together with other threads. */
export class SharedConnectionLimits extends ConnectionLimits {
  readonly #table: SharedTable;
  readonly #threads: number;
  readonly #offers: SharedTable | undefined;
  /** Places that the others know of. */
  #told = 0;
  /** Calls of others that were heard. */
  #heard = 0;
  #look: Deadline | undefined;
  #answer: Promise<void> | undefined;

  /**
   * Creates limits.
   *
   * @param most How many in all.
   * @param where Where threads count together, and how many they are.
   * @param options What is counted, and whose.
   */
  constructor(
    most: number,
    { table, offers, threads }: SharedCounts,
    options: ConnectionLimitsOptions = {},
  ) {
    super(most, options);
    this.#table = table;
    this.#threads = threads;
    this.#offers = offers;
  }

  /** A part of what one alone would keep. */
  protected override get mostKept(): number {
    return Math.ceil(MOST_REFUSED / this.#threads);
  }

  /** Connections that have a place, in all threads. */
  override get total(): number {
    return this.#table.exclusively(() => this.#table.total);
  }

  /** Clients or users that have a connection, in all threads. */
  override get clients(): number {
    return this.#table.exclusively(() => this.#table.entries().length);
  }

  /**
   * Waits for another thread to give way, where one can.
   *
   * @returns When it has had the time to; `undefined` where none was asked.
   */
  override awaitRoom(): Promise<void> | undefined {
    return this.#answer;
  }

  /** Asks the other threads, where they have something to offer. */
  protected override callOthers(): void {
    const offers = this.#offers;
    if (offers === undefined) return;
    if (offers.exclusively(() => offers.total) === this.#told) return;
    offers.touch();
    this.#answer ??= new Promise((resolve) => {
      setDeadline(ANSWER, () => {
        this.#answer = undefined;
        resolve();
      });
    });
  }

  /**
   * Tells the other threads, and listens to them while there is something.
   *
   * @param count How many places are offered.
   */
  protected override offersChanged(count: number): void {
    const offers = this.#offers;
    if (offers === undefined) return;
    offers.exclusively(() => {
      const entry = offers.enter(OFFERS);
      if (entry !== undefined) offers.addShare(entry, count - this.#told);
    });
    const isFirst = this.#told === 0;
    this.#told = count;
    if (count === 0) this.#look?.clear();
    else if (isFirst) {
      this.#heard = offers.revision;
      this.#listen();
    }
  }

  /** For each call one gives way: each thread does, as none knows of the others. */
  #listen(): void {
    this.#look = setDeadline(LOOK, () => {
      const { revision } = this.#offers!;
      while (this.#heard < revision) {
        this.#heard++;
        if (!this.giveWay()) return; // It listens no more.
      }
      if (this.#told > 0) this.#listen();
    });
  }

  /**
   * Takes a place, if there is one.
   *
   * @param key Whose it is to be.
   * @param most Places in all.
   * @param mostOfOne Places of one; 0 is no limit.
   * @returns Which limit leaves none; `undefined` where it was taken.
   */
  protected override take(
    key: string,
    most: number,
    mostOfOne: number,
  ): FullLimit | undefined {
    const table = this.#table;
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
   * Gives a place back.
   *
   * @param key Whose it was.
   */
  protected override give(key: string): void {
    const table = this.#table;
    table.exclusively(() => {
      const entry = table.find(key);
      if (entry !== undefined) table.addShare(entry, -1);
    });
  }
}
