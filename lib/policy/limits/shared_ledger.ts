/**
 * The bytes of a day as several threads count them together.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import type { QuotaLedger } from "./quota_ledger.ts";

/** The table that threads need: the bytes, and until when they mean something. */
export const LEDGER_TABLE = {
  capacity: 65_536,
  keyBytes: 268, // A day and a name (RFC 1929 §2).
  values: 2,
} as const;

/** Milliseconds from the last change until an entry is of a day long past. */
const KEPT = 2 * 86_400_000;

/** What the numbers of an entry are. Bytes never count as a time: see `add`. */
const VALUE = { bytes: 0, until: 1 } as const;

/** The count of all threads. */
export class SharedLedger implements QuotaLedger {
  readonly #table: SharedTable;

  /**
   * Uses a table.
   *
   * @param table Where threads count together.
   */
  constructor(table: SharedTable) {
    this.#table = table;
  }

  /** Grows with every change, whichever thread makes it. */
  get revision(): number {
    return this.#table.revision;
  }

  /**
   * Adds to what a user has carried.
   *
   * @param bytes How many bytes.
   */
  add(day: string, user: string, bytes: number): void {
    const table = this.#table;
    table.exclusively(() => {
      const entry = table.enter(keyOf(day, user));
      if (entry === undefined) return;
      // Negative, since what is later than now would keep the entry for ever.
      const before = table.value(entry, VALUE.bytes);
      table.setValue(entry, VALUE.bytes, before - bytes);
      table.setValue(entry, VALUE.until, table.now + KEPT);
      table.touch();
    });
  }

  /**
   * Reads what a user has carried.
   *
   * @returns How many bytes; where there is no room to count, more than any
   *   quota: nobody carries without being counted.
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
   * Reads what all have carried.
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

  /** Begins a day: entries have theirs in the key, and go by themselves. */
  turn(): void {
    this.#table.touch();
  }
}

function keyOf(day: string, user: string): string {
  return `${day} ${user}`;
}
