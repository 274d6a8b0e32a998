/**
 * Keeps the bytes of a day for several threads together.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import type { QuotaLedger } from "./quota_ledger.ts";

/** Shape of the table: the bytes, and the end of their validity. */
export const LEDGER_TABLE = {
  capacity: 65_536,
  keyBytes: 268, // A day and a name (RFC 1929 §2).
  values: 2,
} as const;

/** Milliseconds after its last change when an entry's day is certainly over. */
const KEPT = 2 * 86_400_000;

/** Indexes of an entry's values. The bytes never count as a time: see `add`. */
const VALUE = { bytes: 0, until: 1 } as const;

/** The counts of all threads. */
export class SharedLedger implements QuotaLedger {
  readonly #table: SharedTable;

  /**
   * Uses a table.
   *
   * @param table Table in which threads count together.
   */
  constructor(table: SharedTable) {
    this.#table = table;
  }

  /** Grows with every change in any thread. */
  get revision(): number {
    return this.#table.revision;
  }

  /**
   * Adds to a user's count.
   *
   * @param bytes Number of bytes.
   */
  add(day: string, user: string, bytes: number): void {
    const table = this.#table;
    table.exclusively(() => {
      const entry = table.enter(keyOf(day, user));
      if (entry === undefined) return;
      // Negative, because a value later than now would keep the entry for ever.
      const before = table.value(entry, VALUE.bytes);
      table.setValue(entry, VALUE.bytes, before - bytes);
      table.setValue(entry, VALUE.until, table.now + KEPT);
      table.touch();
    });
  }

  /**
   * Reads a user's count.
   *
   * @returns Number of bytes; `Infinity` if the table has no room, so that
   *   nobody transfers bytes without being counted.
   */
  read(day: string, user: string): number {
    const table = this.#table;
    return table.exclusively(() => {
      const key = keyOf(day, user);
      const entry = table.find(key);
      if (entry !== undefined) return -table.value(entry, VALUE.bytes);
      return table.enter(key) === undefined ? Infinity : 0;
    });
  }

  /**
   * Reads all counts.
   *
   * @returns Bytes by user.
   */
  all(day: string): Record<string, number> {
    const table = this.#table;
    return table.exclusively(() => {
      const ofDay = table.entries().filter(([key]) => key.startsWith(day));
      return Object.fromEntries(
        ofDay.map(([key, entry]) => [
          key.slice(day.length + 1),
          -table.value(entry, VALUE.bytes),
        ]),
      );
    });
  }

  /**
   * Starts a new day. Entries have the day in their key, and expire by
   * themselves.
   */
  turn(): void {
    this.#table.touch();
  }
}

function keyOf(day: string, user: string): string {
  return `${day} ${user}`;
}
