/**
 * Keeps the daily bytes of users on a machine of a fleet: those of its own
 * threads, and those of other machines as last reported by Redis.
 *
 * @module
 */

import type { SharedTable } from "../../sync/shared/table.ts";
import { LEDGER_TABLE, LEDGER_VALUE, SharedLedger } from "./shared_ledger.ts";

/** Shape of the table of a machine in a fleet. */
export const FLEET_LEDGER_TABLE = { ...LEDGER_TABLE, values: 4 } as const;

/**
 * Further values of an entry, negative like the bytes: the bytes of other
 * machines, and the next entry in the list of changes to report to Redis.
 */
const VALUE = { ...LEDGER_VALUE, elsewhere: 2, next: 3 } as const;

/** Key of the entry that starts the list. No day begins like this. */
const LIST = "\0changed";

/** Marks the end of the list. No entry has this number. */
const END = 1;

/** The bytes of a user on one day, over all threads of a machine. */
export interface CountedBytes {
  /** The day, `YYYY-MM-DD`. */
  readonly day: string;
  /** The user. */
  readonly user: string;
  /** Number of bytes. */
  readonly bytes: number;
}

/** The daily bytes on one machine of a fleet. */
export class FleetLedger extends SharedLedger {
  readonly #hurry: () => void;
  #most = Infinity;

  /**
   * Uses a table.
   *
   * @param table Table in which threads count together.
   * @param hurry Called when a user has used up a quota, so that other machines
   *   learn it soon (default: no effect).
   */
  constructor(table: SharedTable, hurry: () => void = () => {}) {
    super(table);
    this.#hurry = hurry;
  }

  /**
   * The quota, for all threads.
   *
   * @returns Bytes per user and day; `Infinity` if none was set.
   */
  get most(): number {
    const { table } = this;
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
    const { table } = this;
    table.exclusively(() => {
      const list = this.#list();
      if (list !== undefined) table.setValue(list, VALUE.elsewhere, -most);
    });
  }

  /**
   * Continues with an earlier count of the fleet, until Redis reports the
   * current one.
   *
   * @param day The day, `YYYY-MM-DD`.
   * @param bytes Number of bytes.
   */
  override restore(day: string, user: string, bytes: number): void {
    const own = this.table.exclusively(() => this.#own(day, user));
    this.learn({ day, user, bytes: own + bytes }, own);
  }

  /**
   * Stores the bytes of a user on all machines.
   *
   * @param total The count of the whole fleet.
   * @param own This machine's part of it, as last written to Redis (default:
   *   this machine's current count).
   */
  learn({ bytes, day, user }: CountedBytes, own?: number): void {
    const { table } = this;
    table.exclusively(() => {
      const entry = this.enter(day, user);
      if (entry === undefined) return;
      const mine = own ?? -table.value(entry, VALUE.bytes);
      table.setValue(entry, VALUE.elsewhere, Math.min(0, mine - bytes));
      table.touch();
    });
  }

  /**
   * Removes counts from the list of changes and returns them.
   *
   * @param most Most counts to take.
   * @returns Total counts of this machine, not only the changes.
   */
  takeChanged(most: number): CountedBytes[] {
    const { table } = this;
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

  /** Puts all counts on the list of changes. */
  changeAll(): void {
    const { table } = this;
    table.exclusively(() => {
      for (const [key, entry] of table.entries()) {
        const isCount = key !== LIST && table.value(entry, VALUE.bytes) < 0;
        if (isCount) this.#change(entry);
      }
    });
  }

  /** Adds the bytes of other machines. */
  protected override bytesOf(entry: number): number {
    return super.bytesOf(entry) - this.table.value(entry, VALUE.elsewhere);
  }

  /** Puts the entry on the list of changes. */
  protected override changed(entry: number, added: number): void {
    this.#change(entry);
    const bytes = this.bytesOf(entry);
    if (bytes >= this.#most && bytes - added < this.#most) this.#hurry();
  }

  #change(entry: number): void {
    const { table } = this;
    if (table.value(entry, VALUE.next) !== 0) return; // It is on the list.
    const list = this.#list();
    if (list === undefined) return;
    const first = table.value(list, VALUE.next);
    table.setValue(entry, VALUE.next, first === 0 ? -END : first);
    table.setValue(list, VALUE.next, -entry);
  }

  /**
   * Returns `undefined` if the table is full; then all transfers are refused.
   */
  #list(): number | undefined {
    const { table } = this;
    const list = table.enter(LIST);
    if (list !== undefined) table.setValue(list, VALUE.until, Infinity);
    return list;
  }

  #own(day: string, user: string): number {
    const entry = this.enter(day, user);
    return entry === undefined ? 0 : -this.table.value(entry, VALUE.bytes);
  }
}
