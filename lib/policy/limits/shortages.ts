/**
 * Keys for which the threads of a machine need more places of a shared limit.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";

/** Shape of the table for {@linkcode Shortages}. */
export const SHORTAGES_TABLE = {
  capacity: 4_096,
  keyBytes: 256,
  values: 2,
} as const;

/** Indexes of the values of a key. */
const VALUE = { kept: 0, isWaiting: 1 } as const;

/** A key that needs places. */
export interface Shortage {
  /** Client or user, or `ALL`. */
  key: string;
  /** Whether a connection waits; otherwise places only run low. */
  isWaiting: boolean;
}

/** A list that all threads write and one thread reads. */
export class Shortages {
  readonly #table: SharedTable;
  /** Number of keys ever added, as of the last look. */
  #seen = 0;

  /**
   * Uses a table.
   *
   * @param table A table of {@linkcode SHORTAGES_TABLE}.
   */
  constructor(table: SharedTable) {
    this.#table = table;
  }

  /**
   * Adds a key.
   *
   * @param key Client or user, or `ALL`.
   * @param isWaiting Whether a connection waits.
   * @returns Whether the list had room for it.
   */
  add(key: string, isWaiting: boolean): boolean {
    const table = this.#table;
    return table.exclusively(() => {
      const entry = table.enter(key);
      if (entry === undefined) return false;
      table.setValue(entry, VALUE.kept, Infinity);
      if (isWaiting) table.setValue(entry, VALUE.isWaiting, 1);
      table.touch();
      return true;
    });
  }

  /**
   * Removes and returns all keys.
   *
   * @returns The keys since the last call.
   */
  take(): Shortage[] {
    const table = this.#table;
    if (table.revision === this.#seen) return [];
    return table.exclusively(() => {
      this.#seen = table.revision;
      const all = table.entries();
      const shortages = all.map(([key, entry]) => {
        const isWaiting = table.value(entry, VALUE.isWaiting) > 0;
        table.setValue(entry, VALUE.kept, 0);
        table.setValue(entry, VALUE.isWaiting, 0);
        return { key, isWaiting };
      });
      for (const [, entry] of all) table.tidy(entry);
      return shortages;
    });
  }
}
