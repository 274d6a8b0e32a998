/**
 * This machine's parts of rates that several machines have in common.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import { type BothWays, KEPT, PARTS, WAYS } from "./rate_limits.ts";

/** Milliseconds in a second. */
const SECOND = 1_000;

/** Milliseconds for which the table keeps a part that no connection uses. */
const KEPT_TIME = 5_000;

/** How much of a rate this machine uses. */
export interface RateUse {
  /** User; empty for the rate of all connections. */
  readonly key: string;
  /** Direction. */
  readonly way: keyof BothWays;
  /** Entry in the table. */
  readonly entry: number;
  /** Bytes per second, over all machines. */
  readonly rate: number;
  /** KiB carried by this machine since the entry was created. */
  readonly carried: number;
  /** End of the latest wait, by the table's clock; it may be in the past. */
  readonly waitsUntil: number;
}

/** The parts, in a table of bytes that threads share. */
export class RateParts {
  readonly #table: SharedTable;
  /** Entries in use at the last look. */
  #known = new Set<number>();

  /**
   * Uses a table.
   *
   * @param table A table of byte rates in a fleet.
   */
  constructor(table: SharedTable) {
    this.#table = table;
  }

  /** Clock of the table in milliseconds, the same in all threads. */
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
   * Sets the part of a rate from the latest {@linkcode RateParts.read}.
   *
   * @param part Bytes per second.
   */
  set({ entry, way }: RateUse, part: number): void {
    this.#table.setValue(entry, PARTS[way].part, part / SECOND);
  }
}
