/**
 * The books of all limits that this machine shares with its fleet.
 *
 * @module
 */

import type { Shortages } from "../../policy/limits/shortages.ts";
import type { NodeCount } from "../../serve/counts/shared_counts.ts";
import { rationedCounts } from "../../serve/limits/connection_counts.ts";
import { PlaceBook, type PlaceItem } from "./book.ts";

/** A limit. */
interface Counted {
  /** The count of this machine. */
  readonly id: string;
  readonly book: PlaceBook;
  /** List in which threads report keys that need places. */
  readonly shortages: Shortages;
}

/** The report of one book. */
export interface Page {
  /**
   * Name of the limit on every machine, such as `proxy-1/connections-per-user`.
   */
  readonly name: string;
  /** The book. */
  readonly book: PlaceBook;
  /** What it reports and asks for. */
  readonly items: readonly PlaceItem[];
}

/** The fields of a count that the books use. */
export type BookedCount = Pick<NodeCount, "id" | "scope" | "tables">;

/** The books by the names of their limits. */
export class Shelf {
  #counted: ReadonlyMap<string, Counted> = new Map();

  /** Whether any granted place is not reported to Redis yet. */
  get isUnreported(): boolean {
    return this.#counted.values().some(({ book }) => book.isUnreported);
  }

  /**
   * Replaces the limits of this machine.
   *
   * @param counts All counts; limits that stay the same keep their books.
   * @returns Whether the limits have changed.
   */
  count(counts: readonly BookedCount[]): boolean {
    const before = this.#counted;
    const all = new Map<string, Counted>();
    for (const { id, scope, tables } of counts) {
      for (const { name, rations, shortages } of rationedCounts(tables)) {
        const full = `${scope}/${name}`;
        const known = before.get(full);
        const counted = known?.id === id
          ? known
          : { id, shortages, book: new PlaceBook(rations) };
        all.set(full, counted);
      }
    }
    this.#counted = all;
    return all.size !== before.size ||
      all.entries().some(([name, one]) => before.get(name) !== one);
  }

  /**
   * Prepares for a Redis without data about this machine.
   *
   * @param isLapsed Whether other machines may have the unused places.
   */
  startAgain(isLapsed: boolean): void {
    this.setLease(0, 0);
    for (const { book } of this.#counted.values()) book.startAgain(isLapsed);
  }

  /**
   * Sets the lease of all limits.
   *
   * @param until End of the lease, by the tables' clock.
   * @param fraction Free part of each limit, as a fraction.
   */
  setLease(until: number, fraction: number): void {
    for (const { book } of this.#counted.values()) {
      book.setLease(until, fraction);
    }
  }

  /**
   * Passes the shortages of all threads to the books.
   *
   * @returns Whether a connection waits; `undefined` without any shortage.
   */
  takeShortages(): boolean | undefined {
    let isUrgent: boolean | undefined;
    for (const { book, shortages } of this.#counted.values()) {
      for (const { isWaiting, key } of shortages.take()) {
        book.note(key, isWaiting);
        isUrgent = isUrgent === true || isWaiting;
      }
    }
    return isUrgent;
  }

  /**
   * Collects reports and requests.
   *
   * @param most Most keys.
   * @param now Clock of the tables in milliseconds.
   */
  collect(most: number, now: number): Page[] {
    let left = most;
    return [...this.#counted].map(([name, { book }]) => {
      const items = book.collect(left, now);
      left -= items.length;
      return { name, book, items };
    });
  }

  /** Gives up the free part of a key; see {@linkcode PlaceBook.call}. */
  call(field: string): void {
    this.#about(field, (book, key) => book.call(key));
  }

  /** Gives a key its free part back; see {@linkcode PlaceBook.lift}. */
  lift(field: string): void {
    this.#about(field, (book, key) => book.lift(key));
  }

  /**
   * Records that other machines need places of a key.
   *
   * @param field The limit's name, a slash and the key.
   * @param now Clock of the tables in milliseconds.
   * @returns Whether this machine has unused places of the key.
   */
  giveWay(field: string, now: number): boolean {
    return this.#about(field, (book, key) => book.giveWay(key, now)) ?? false;
  }

  #about<T>(
    field: string,
    act: (book: PlaceBook, key: string) => T,
  ): T | undefined {
    const end = field.indexOf("/", field.indexOf("/") + 1);
    const counted = this.#counted.get(field.slice(0, end));
    return counted && act(counted.book, field.slice(end + 1));
  }
}
