/**
 * This machine's parts of rates that it shares with other machines.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import { type BothWays, KEPT, PARTS, WAYS } from "./rate_limits.ts";

/** Milliseconds in a second. */
const SECOND = 1_000;

/** Milliseconds for which the table keeps a part without connections. */
const KEPT_TIME = 5_000;

/** How much of a rate this machine uses. */
export interface RateUse {
  /** User, or nothing for all connections. */
  readonly key: string;
  readonly way: keyof BothWays;
  /** Entry in the table. */
  readonly entry: number;
  /** Bytes per second, over all machines. */
  readonly rate: number;
  /** KiB that this machine has carried since the entry exists. */
  readonly carried: number;
  /** Time until which connections wait or have waited. */
  readonly waitsUntil: number;
}

/** The parts in a table of bytes, which threads share. */
export class RateParts {
  readonly #table: SharedTable;
  /** Entries that were in use at the last look. */
  #known = new Set<number>();

  /**
   * Uses a table.
   *
   * @param table A table of a fleet.
   */
  constructor(table: SharedTable) {
    this.#table = table;
  }

  /** Milliseconds, the same in all threads. */
  get now(): number {
    return this.#table.now;
  }

  /** Lists all rates in use. */
  read(): RateUse[] {
    const table = this.#table;
    return table.exclusively(() => {
      const all = table.entries();
      for (const [, entry] of all) {
        if (table.sharesOf(entry) === 0) continue;
        table.setValue(entry, KEPT, table.now + KEPT_TIME);
      }
      const before = this.#known;
      this.#known = new Set(all.map(([, entry]) => entry));
      for (const entry of before) {
        if (!this.#known.has(entry)) table.tidy(entry);
      }
      return all.flatMap(([key, entry]) =>
        (["up", "down"] as const).map((way) => this.#use(key, entry, way))
      ).filter(({ rate }) => rate > 0);
    });
  }

  #use(key: string, entry: number, way: keyof BothWays): RateUse {
    const table = this.#table;
    return {
      ...{ key, entry, way },
      rate: table.value(entry, PARTS[way].rate) * SECOND,
      carried: table.value(entry, PARTS[way].carried),
      waitsUntil: table.value(entry, WAYS[way].turns),
    };
  }

  /**
   * Sets the part of a rate that {@linkcode RateParts.read} has just listed.
   *
   * @param part Bytes per second.
   */
  set({ entry, way }: RateUse, part: number): void {
    this.#table.setValue(entry, PARTS[way].part, part / SECOND);
  }
}
