/**
 * How many connections are served at once by several threads.
 *
 * @module
 */

import type { SharedTable, SharedTableShape } from "../sync/shared_table.ts";
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
 * @returns The shape of the table.
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

/** Counts connections together with other threads. */
export class SharedConnectionLimits extends ConnectionLimits {
  readonly #table: SharedTable;
  readonly #threads: number;

  /**
   * Creates limits.
   *
   * @param most How many in all.
   * @param where Where threads count together, and how many they are.
   * @param options What is counted, and whose.
   */
  constructor(
    most: number,
    { table, threads }: { table: SharedTable; threads: number },
    options: ConnectionLimitsOptions = {},
  ) {
    super(most, options);
    this.#table = table;
    this.#threads = threads;
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
