/**
 * The last connections and HTTP requests of one thread that ended.
 *
 * @module
 */

import type { EndedConnection } from "../../serve/registry.ts";
import type { ClosedTunnel } from "../api.ts";
import { matchesFilter, type Term } from "../filter.ts";
import { closedOf, type EndedRow, endedRow, SharedTexts } from "./rows.ts";

/** Most connections to remember. */
const MOST_ENDED = 10_000;

/** Selects a page of ended connections. */
export interface EndedQuery {
  /** Most connections to return. */
  limit: number;
  /**
   * Only those that ended before this time, in milliseconds since 1970
   * (default: all).
   */
  before?: number;
  /**
   * Of those that ended at exactly that time, only the ones below this number.
   */
  order?: number;
}

/** A page of ended connections, with counts. */
export interface EndedPage {
  /** Number and description of each, the newest first. */
  rows: [order: number, closed: ClosedTunnel][];
  /** Number that match the filter and are on this page or older. */
  left: number;
  /** Number that match the filter. */
  matching: number;
  /** Number remembered. */
  kept: number;
}

/** Remembers ended connections; a new one replaces the oldest. */
export class EndedTunnels {
  readonly #most: number;
  readonly #rows: EndedRow[] = [];
  readonly #texts = new SharedTexts();
  #count = 0;

  /** Starts empty. */
  constructor(most = MOST_ENDED) {
    this.#most = most;
  }

  /** Number ended so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds one. */
  add(ended: EndedConnection): void {
    this.#rows[this.#count++ % this.#most] = endedRow(ended, this.#texts);
  }

  /**
   * Lists the newest.
   *
   * @param since Returns only those with a higher number.
   * @param most Most connections to return.ons to return.
   * @returns The oldest first.
   */
  since(since: number, most: number): ClosedTunnel[] {
    const length = Math.min(this.#count - since, this.#rows.length, most);
    return Array.from(
      { length: Math.max(0, length) },
      (_, n) => closedOf(this.#at(this.#count - length + n + 1)),
    );
  }

  /**
   * Lists those that match a filter.
   *
   * @param terms The filter.
   * @param query The page.
   */
  page(
    terms: readonly Term[],
    { before = Infinity, limit, order = Infinity }: EndedQuery,
  ): EndedPage {
    const kept = this.#rows.length;
    const page: EndedPage = { rows: [], left: 0, matching: 0, kept };
    for (let n = this.#count; n > this.#count - kept; n--) {
      const row = this.#at(n);
      if (!matchesFilter(terms, row)) continue;
      page.matching++;
      const isOlder = row.endedAt < before ||
        row.endedAt === before && n < order;
      if (!isOlder) continue;
      page.left++;
      if (page.rows.length < limit) page.rows.push([n, closedOf(row)]);
    }
    return page;
  }

  #at(order: number): EndedRow {
    return this.#rows[(order - 1) % this.#most]!;
  }
}
