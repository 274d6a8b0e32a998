/**
 * Keeps the daily bytes of users over several threads.
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

/**
 * Milliseconds after the last change at which an entry's day is over
 * everywhere.
 */
const KEPT = 2 * 86_400_000;

/** Indexes of an entry's values. The bytes never count as a time: see `add`. */
export const LEDGER_VALUE = { bytes: 0, until: 1 } as const;

/** The counts of all threads. */
export class SharedLedger implements QuotaLedger {
  /** The table in which threads count together. */
  protected readonly table: SharedTable;

  /**
   * Uses a table.
   *
   * @param table Table in which threads count together.
   */
  constructor(table: SharedTable) {
    this.table = table;
  }

  /** Grows with every change in any thread. */
  get revision(): number {
    return this.table.revision;
  }

  /**
   * Adds to a user's count.
   *
   * @param bytes Number of bytes.
   */
  add(day: string, user: string, bytes: number): void {
    const { table } = this;
    table.exclusively(() => {
      const entry = this.enter(day, user);
      if (entry === undefined) return;
      // Negative: the table never removes an entry with a value later than now.
      const before = table.value(entry, LEDGER_VALUE.bytes);
      table.setValue(entry, LEDGER_VALUE.bytes, before - bytes);
      table.touch();
      this.changed(entry, bytes);
    });
  }

  /**
   * Continues with an earlier count.
   *
   * @param bytes Number of bytes.
   */
  restore(day: string, user: string, bytes: number): void {
    this.add(day, user, bytes);
  }

  /**
   * Accepts the quota, which this ledger does not need.
   *
   * @param _most Bytes per user and day.
   */
  limit(_most: number): void {}

  /**
   * Reads a user's count.
   *
   * @returns Number of bytes; `Infinity` if the table has no room, so that
   *   nobody transfers bytes without being counted.
   */
  read(day: string, user: string): number {
    const { table } = this;
    return table.exclusively(() => {
      const key = keyOf(day, user);
      const entry = table.find(key);
      if (entry !== undefined) return this.bytesOf(entry);
      return table.enter(key) === undefined ? Infinity : 0;
    });
  }

  /**
   * Reads all counts.
   *
   * @returns Bytes by user.
   */
  all(day: string): Record<string, number> {
    const { table } = this;
    return table.exclusively(() => {
      const ofDay = table.entries().filter(([key]) => key.startsWith(day));
      return Object.fromEntries(
        ofDay.map(([key, entry]) => [
          key.slice(day.length + 1),
          this.bytesOf(entry),
        ]),
      );
    });
  }

  /**
   * Starts a new day. Entries have the day in their key, and expire by
   * themselves.
   */
  turn(): void {
    this.table.touch();
  }

  /**
   * Finds or makes the entry of a count, while this thread holds the lock.
   *
   * @returns The entry; `undefined` if the table has no room.
   */
  protected enter(day: string, user: string): number | undefined {
    const { table } = this;
    const entry = table.enter(keyOf(day, user));
    if (entry !== undefined) {
      table.setValue(entry, LEDGER_VALUE.until, table.now + KEPT);
    }
    return entry;
  }

  /**
   * Reads a count, while this thread holds the lock.
   *
   * @returns Number of bytes.
   */
  protected bytesOf(entry: number): number {
    return -this.table.value(entry, LEDGER_VALUE.bytes);
  }

  /**
   * Called when a count has changed, while this thread holds the lock.
   *
   * @param _added Number of bytes.
   */
  protected changed(_entry: number, _added: number): void {}
}

function keyOf(day: string, user: string): string {
  return `${day} ${user}`;
}
