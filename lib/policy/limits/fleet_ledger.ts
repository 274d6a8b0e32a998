/**
 * Keeps the bytes of a day for a machine of a fleet: what its own threads have
 * counted, and what others have, as far as Redis has told.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import { LEDGER_TABLE, LEDGER_VALUE, SharedLedger } from "./shared_ledger.ts";

/** Shape of the table of a machine in a fleet. */
export const FLEET_LEDGER_TABLE = { ...LEDGER_TABLE, values: 4 } as const;

/**
 * Further values of an entry, negative like the bytes: bytes that others have
 * counted, and the next entry in the list of those that Redis must be told.
 */
const VALUE = { ...LEDGER_VALUE, elsewhere: 2, next: 3 } as const;

/** Key of the entry with the begin of the list. No day begins so. */
const LIST = "\0changed";

/** The end of the list, which is the number of no entry. */
const END = 1;

/** What a user has transferred on one day, over all threads of a machine. */
export interface CountedBytes {
  /** The day, `YYYY-MM-DD`. */
  readonly day: string;
  /** The user. */
  readonly user: string;
  /** Number of bytes. */
  readonly bytes: number;
}

/** The counts of a machine of a fleet. */
export class FleetLedger extends SharedLedger {
  readonly #table: SharedTable;
  readonly #hurry: () => void;
  #most = Infinity;

  /**
   * Uses a table.
   *
   * @param table Table in which threads count together.
   * @param hurry Called when a user has used up a quota, which others must know
   *   soon (default: nobody is told).
   */
  constructor(table: SharedTable, hurry: () => void = () => {}) {
    super(table);
    this.#table = table;
    this.#hurry = hurry;
  }

  /**
   * The quota, for all threads.
   *
   * @returns Bytes per user and day; `Infinity` if none was set.
   */
  get most(): number {
    const table = this.#table;
    const most = table.exclusively(() => {
      const list = table.find(LIST);
      return list === undefined ? 0 : -table.value(list, VALUE.elsewhere);
    });
    return most === 0 ? Infinity : most;
  }

  /**
   * Sets the quota.
   *
   * @param most Bytes per user and day.
   */
  override limit(most: number): void {
    this.#most = most;
    const table = this.#table;
    table.exclusively(() => {
      const list = this.#list();
      if (list !== undefined) table.setValue(list, VALUE.elsewhere, -most);
    });
  }

  /**
   * Continues with an earlier count of the fleet, until Redis tells the current
   * one.
   *
   * @param bytes Number of bytes.
   */
  override restore(day: string, user: string, bytes: number): void {
    const own = this.#table.exclusively(() => this.#own(day, user));
    this.learn({ day, user, bytes: own + bytes }, own);
  }

  /**
   * Takes what a user has transferred on all machines.
   *
   * @param total The count of the whole fleet.
   * @param own What this machine has told Redis of it (default: what it has
   *   counted).
   */
  learn({ bytes, day, user }: CountedBytes, own?: number): void {
    const table = this.#table;
    table.exclusively(() => {
      const entry = this.enter(day, user);
      if (entry === undefined) return;
      const mine = own ?? -table.value(entry, VALUE.bytes);
      table.setValue(entry, VALUE.elsewhere, Math.min(0, mine - bytes));
      table.touch();
    });
  }

  /**
   * Takes counts from the list of those that have changed.
   *
   * @param most Most counts to take.
   * @returns Each with all that this machine has counted for it.
   */
  takeChanged(most: number): CountedBytes[] {
    const table = this.#table;
    return table.exclusively(() => {
      const changed: CountedBytes[] = [];
      const list = this.#list();
      if (list === undefined) return changed;
      let entry = -table.value(list, VALUE.next);
      while (entry > END && changed.length < most) {
        const key = table.keyOf(entry);
        const space = key.indexOf(" ");
        changed.push({
          day: key.slice(0, space),
          user: key.slice(space + 1),
          bytes: -table.value(entry, VALUE.bytes),
        });
        const next = -table.value(entry, VALUE.next);
        table.setValue(entry, VALUE.next, 0);
        entry = next;
      }
      table.setValue(list, VALUE.next, -entry);
      return changed;
    });
  }

  /** Puts all counts on the list of those that have changed. */
  changeAll(): void {
    const table = this.#table;
    table.exclusively(() => {
      for (const [key, entry] of table.entries()) {
        const isCount = key !== LIST && table.value(entry, VALUE.bytes) < 0;
        if (isCount) this.#change(entry);
      }
    });
  }

  /** What others have counted belongs to a user's count. */
  protected override bytesOf(entry: number): number {
    return super.bytesOf(entry) - this.#table.value(entry, VALUE.elsewhere);
  }

  /** Remembers to tell Redis. */
  protected override changed(entry: number, added: number): void {
    this.#change(entry);
    const bytes = this.bytesOf(entry);
    if (bytes >= this.#most && bytes - added < this.#most) this.#hurry();
  }

  #change(entry: number): void {
    const table = this.#table;
    if (table.value(entry, VALUE.next) !== 0) return; // It is on the list.
    const list = this.#list();
    if (list === undefined) return;
    const first = table.value(list, VALUE.next);
    table.setValue(entry, VALUE.next, first === 0 ? -END : first);
    table.setValue(list, VALUE.next, -entry);
  }

  /** `undefined` if the table is full; then nobody transfers anything. */
  #list(): number | undefined {
    const table = this.#table;
    const list = table.enter(LIST);
    if (list !== undefined) table.setValue(list, VALUE.until, Infinity);
    return list;
  }

  #own(day: string, user: string): number {
    const entry = this.enter(day, user);
    return entry === undefined ? 0 : -this.#table.value(entry, VALUE.bytes);
  }
}
