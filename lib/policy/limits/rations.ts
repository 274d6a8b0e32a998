/**
 * What this machine may have of limits that it shares with other machines.
 *
 * A ration has two parts. The free part is the same for every key: a fraction of
 * its limit. The granted part belongs to one key. A called key has no free part:
 * what it uses was granted. All parts end with the lease of this machine.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";

/** Values in an entry of a table with rations. */
export const RATION_VALUES = 6;

/** Indexes of the values of a key. */
const KEY = {
  kept: 0,
  granted: 1,
  called: 2,
  missed: 3,
  limit: 4,
  isOver: 5,
} as const;

/** Indexes of the values of the lease. */
const LEASE = { kept: 0, until: 1, fraction: 2, revision: 3 } as const;

/** Entry of the lease. No client and no user has this name. */
const LEASE_KEY = "\0lease";

/** Key of the limit in all. No client and no user has this name. */
export const ALL = "";

/** A part of the ration that has to be left, or more is asked for in advance. */
const LOW = 1 / 4;

/** Stands for a shortage that was told before a connection was refused. */
const ASKED = 0.5;

/**
 * Whether there is a place: one of many, one of the last, or none. Of the last
 * two the first one has to be told.
 */
export type Taken = "free" | "last" | "none" | "none, told";

/** What is known of a key. */
export interface Ration {
  /** Places in use. */
  used: number;
  /** Places that may be used within the lease. */
  allowed: number;
  /** The granted part of these. */
  granted: number;
  /** Whether there is no free part. */
  isCalled: boolean;
  /** Connections that found no place since the last {@linkcode Rations.hear}. */
  missed: number;
  /** The limit over all machines; 0 if unknown. */
  limit: number;
}

/**
 * Rations in a table of connections, which threads share. Call methods inside
 * {@linkcode SharedTable.exclusively}, unless they say otherwise.
 */
export class Rations {
  /** The table. */
  readonly table: SharedTable;
  readonly #lease: number;
  readonly #all: number;
  #now = 0;

  /**
   * Uses a table whose entries have {@linkcode RATION_VALUES} values. It takes
   * the lock itself.
   */
  constructor(table: SharedTable) {
    this.table = table;
    [this.#lease, this.#all] = table.exclusively(() => {
      const lease = this.keep(LEASE_KEY)!;
      return [lease, this.keep(ALL)!];
    });
  }

  /** Entry of the limit in all. */
  get all(): number {
    return this.#all;
  }

  /** End of the lease, by the table's clock; needs no lock. */
  get until(): number {
    return this.table.value(this.#lease, LEASE.until);
  }

  /** Whether the lease was over at the last {@linkcode Rations.look}. */
  get isOver(): boolean {
    return this.#now >= this.until;
  }

  /** Free part of each limit; needs no lock. */
  get fraction(): number {
    return this.table.value(this.#lease, LEASE.fraction);
  }

  /** Number of changes that may have made room; needs no lock. */
  get revision(): number {
    return this.table.value(this.#lease, LEASE.revision);
  }

  /**
   * Sets the lease.
   *
   * @param until End of the lease, by the table's clock.
   * @param fraction Free part of each limit.
   */
  setLease(until: number, fraction: number): void {
    this.table.setValue(this.#lease, LEASE.until, until);
    this.table.setValue(this.#lease, LEASE.fraction, fraction);
    this.touch();
  }

  /** Notes that there may be room now. */
  touch(): void {
    const { revision } = this;
    this.table.setValue(this.#lease, LEASE.revision, revision + 1);
  }

  /**
   * Finds the entry of a key, or makes it; it stays until {@linkcode
   * Rations.forget}.
   *
   * @returns The entry; `undefined` if the table has no room.
   */
  keep(key: string): number | undefined {
    const entry = this.table.enter(key);
    if (entry !== undefined) this.table.setValue(entry, KEY.kept, Infinity);
    return entry;
  }

  /** Lets the free part be all that a key has. */
  forget(entry: number): void {
    if (entry === this.#all) return;
    for (const index of Object.values(KEY)) {
      this.table.setValue(entry, index, 0);
    }
    this.table.tidy(entry);
  }

  /**
   * Reports the state of a key.
   *
   * @param entry Its entry.
   */
  of(entry: number): Ration {
    const { table } = this;
    const limit = table.value(entry, KEY.limit);
    const granted = table.value(entry, KEY.granted);
    const isCalled = table.value(entry, KEY.called) > 0;
    const allowed = granted + (isCalled ? 0 : this.#free(limit));
    const missed = Math.floor(table.value(entry, KEY.missed));
    return {
      ...{ allowed, granted, isCalled, limit, missed },
      used: entry === this.#all ? table.total : table.sharesOf(entry),
    };
  }

  /**
   * Sets the granted part of a key.
   *
   * @param count Places.
   * @param isCalled Whether there is no free part.
   */
  grant(entry: number, count: number, isCalled: boolean): void {
    this.table.setValue(entry, KEY.granted, count);
    this.table.setValue(entry, KEY.called, isCalled ? 1 : 0);
  }

  /**
   * Notes whether all machines together have more connections than the limit:
   * then none of them takes one more.
   */
  setOver(entry: number, isOver: boolean): void {
    this.table.setValue(entry, KEY.isOver, isOver ? 1 : 0);
  }

  /** Starts to count misses from 0, and lets the next one be told. */
  hear(entry: number): void {
    this.table.setValue(entry, KEY.missed, 0);
  }

  /**
   * Reads the clock, for the next calls of {@linkcode Rations.take}: a
   * connection may have to take several places.
   */
  look(): void {
    this.#now = this.table.now;
  }

  /**
   * Decides whether one more place of a key may be taken, and notes if not.
   *
   * @param entry Entry of the key.
   * @param used Places in use.
   * @param limit Places over all machines.
   */
  take(entry: number, used: number, limit: number): Taken {
    const { table } = this;
    table.setValue(entry, KEY.limit, limit);
    const isNone = this.isOver || table.value(entry, KEY.isOver) > 0;
    const free = table.value(entry, KEY.called) > 0 ? 0 : this.#free(limit);
    const granted = table.value(entry, KEY.granted);
    const allowed = isNone ? 0 : Math.min(free + granted, limit);
    if (used + 1 <= allowed - allowed * LOW) return "free";
    const missed = table.value(entry, KEY.missed);
    if (used >= allowed) {
      table.setValue(entry, KEY.missed, Math.floor(missed) + 1);
      return missed < 1 ? "none" : "none, told";
    }
    if (missed > 0 || allowed === limit) return "free";
    table.setValue(entry, KEY.missed, ASKED);
    return "last";
  }

  #free(limit: number): number {
    return Math.floor(limit * this.fraction);
  }
}
