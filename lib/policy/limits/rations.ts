/**
 * This machine's share of limits that several machines have in common.
 *
 * A ration has two parts. The free part is a fraction of the limit and the same
 * for every key. The granted part belongs to one key. A called key has no free
 * part: Redis grants every place that it uses. Both parts expire with the lease
 * of this machine.
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

/** Name of the lease's entry. No client or user has this name. */
const LEASE_KEY = "\0lease";

/** Key of the limit on all connections. No client or user has this name. */
export const ALL = "";

/** If less than this part of a ration is left, more is requested in advance. */
const LOW = 1 / 4;

/** Marks a shortage that was reported before any connection was refused. */
const ASKED = 0.5;

/**
 * Result of taking a place: one of many, one of the last, or none. The caller
 * must report "last" and "none"; "none, told" has been reported already.
 */
export type Taken = "free" | "last" | "none" | "none, told";

/** The state of a key. */
export interface Ration {
  /** Places in use. */
  used: number;
  /** Places that may be used during the lease. */
  allowed: number;
  /** How many of the allowed places were granted. */
  granted: number;
  /** Whether the key has no free part. */
  isCalled: boolean;
  /** Connections that found no place since the last {@linkcode Rations.hear}. */
  missed: number;
  /** The limit over all machines; 0 if unknown. */
  limit: number;
  /** Whether all machines together exceed the limit, so that none admits. */
  isOver: boolean;
}

/**
 * Rations in a table of connections that threads share. Call methods inside
 * {@linkcode SharedTable.exclusively} unless their comment says otherwise.
 */
export class Rations {
  /** The table. */
  readonly table: SharedTable;
  readonly #lease: number;
  /** The entry of all clients together. */
  readonly all: number;
  #now = 0;

  /**
   * Uses a table whose entries have {@linkcode RATION_VALUES} values. Call it
   * without the lock: it takes the lock itself.
   */
  constructor(table: SharedTable) {
    this.table = table;
    [this.#lease, this.all] = table.exclusively(() => {
      const lease = this.keep(LEASE_KEY)!;
      return [lease, this.keep(ALL)!];
    });
  }

  /** End of the lease, by the table's clock. Needs no lock. */
  get until(): number {
    return this.table.value(this.#lease, LEASE.until);
  }

  /** Whether the lease had expired at the last {@linkcode Rations.look}. */
  get isOver(): boolean {
    return this.#now >= this.until;
  }

  /** Free part of each limit, as a fraction. Needs no lock. */
  get fraction(): number {
    return this.table.value(this.#lease, LEASE.fraction);
  }

  /** Number of changes that may have made room. Needs no lock. */
  get revision(): number {
    return this.table.value(this.#lease, LEASE.revision);
  }

  /**
   * Sets the lease.
   *
   * @param until End of the lease, by the table's clock.
   * @param fraction Free part of each limit, as a fraction.
   */
  setLease(until: number, fraction: number): void {
    this.table.setValue(this.#lease, LEASE.until, until);
    this.table.setValue(this.#lease, LEASE.fraction, fraction);
    this.touch();
  }

  /** Records that a place may be available. */
  touch(): void {
    const { revision } = this;
    this.table.setValue(this.#lease, LEASE.revision, revision + 1);
  }

  /**
   * Finds or creates the entry of a key. It stays until
   * {@linkcode Rations.forget}.
   *
   * @returns The entry; `undefined` if the table is full.
   */
  keep(key: string): number | undefined {
    const entry = this.table.enter(key);
    if (entry !== undefined) this.table.setValue(entry, KEY.kept, Infinity);
    return entry;
  }

  /** Removes the granted part of a key, which keeps only its free part. */
  forget(entry: number): void {
    if (entry === this.all) return;
    for (const index of Object.values(KEY)) {
      this.table.setValue(entry, index, 0);
    }
    this.table.tidy(entry);
  }

  /** Returns the state of a key. */
  of(entry: number): Ration {
    const { table } = this;
    const limit = table.value(entry, KEY.limit);
    const granted = table.value(entry, KEY.granted);
    const isCalled = table.value(entry, KEY.called) > 0;
    const allowed = granted + (isCalled ? 0 : this.#free(limit));
    const missed = Math.floor(table.value(entry, KEY.missed));
    const isOver = table.value(entry, KEY.isOver) > 0;
    return {
      ...{ allowed, granted, isCalled, isOver, limit, missed },
      used: entry === this.all ? table.total : table.sharesOf(entry),
    };
  }

  /**
   * Sets the granted part of a key.
   *
   * @param count Places.
   * @param isCalled Whether the key has no free part.
   */
  grant(entry: number, count: number, isCalled: boolean): void {
    this.table.setValue(entry, KEY.granted, count);
    this.table.setValue(entry, KEY.called, isCalled ? 1 : 0);
  }

  /**
   * Sets whether all machines together exceed the limit. If so, none of them
   * admits another connection.
   */
  setOver(entry: number, isOver: boolean): void {
    this.table.setValue(entry, KEY.isOver, isOver ? 1 : 0);
  }

  /** Counts misses from 0 again, and lets the next miss be reported. */
  hear(entry: number): void {
    this.table.setValue(entry, KEY.missed, 0);
  }

  /**
   * Reads the clock once for the following calls of {@linkcode Rations.take},
   * because a connection may need several places.
   */
  look(): void {
    this.#now = this.table.now;
  }

  /**
   * Decides whether one more place of a key may be taken. Counts a miss if not.
   *
   * @param entry Entry of the key.
   * @param used Places in use on this machine.
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
