/**
 * Finds the keys with the most bytes and connections among any number of keys,
 * in bounded memory.
 *
 * It is Space-Saving (Metwally, Agrawal, El Abbadi 2005) for two weights, with
 * two differences that reduce a count to one map lookup: it discards many small
 * keys at a time, and a new key starts with the largest possible count of any
 * discarded key, not with the count of the key that it replaces. So a count is
 * never too small, and its error says by how much it may be too large.
 *
 * @module
 */

import { MOST_KEY } from "../filter.ts";

/** Bytes and connections. */
export interface Weights {
  /** Bytes, both ways. */
  bytes: number;
  /** Connections. */
  connections: number;
}

/** A key and its counts. */
export interface Hitter extends Weights {
  /** The key. */
  readonly key: string;
  /** How much too large `bytes` may be. */
  bytesError: number;
  /** How much too large `connections` may be. */
  connectionsError: number;
}

/** A copy of all keys that can be sent in a message. */
export interface HitterTable {
  /** The keys. */
  readonly keys: readonly string[];
  /**
   * Four numbers for each key: bytes, their error, connections, their error.
   */
  readonly counts: Float64Array;
  /** The largest possible counts of a key that is not listed. */
  readonly unlisted: Weights;
}

/** Counts bytes and connections by key. */
export class HeavyHitters {
  readonly #most: number;
  readonly #all = new Map<string, Hitter>();
  #unlisted: Weights = { bytes: 0, connections: 0 };

  /**
   * Creates it empty.
   *
   * @param most Number of keys to keep: half of them the largest by bytes, half
   *   by connections. Temporarily it holds up to twice as many.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Number of keys counted. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Adds to the counts of a key.
   *
   * @param key The user, client, target or rule.
   * @param bytes Bytes to add.
   * @param connections Connections to add.
   */
  add(key: string, bytes: number, connections: number): void {
    const known = this.#all.get(key);
    if (known !== undefined) {
      known.bytes += bytes;
      known.connections += connections;
    } else if (key.length > MOST_KEY) {
      this.add(key.slice(0, MOST_KEY), bytes, connections);
    } else {
      this.#begin(key, { bytes, connections });
      this.#tidy();
    }
  }

  /**
   * Adds the counts of another table.
   *
   * @param table Its {@linkcode HeavyHitters.table}.
   */
  merge({ keys, counts, unlisted }: HitterTable): void {
    // A key that is missing from the table may have had this much there.
    for (const one of this.#all.values()) addMost(one, unlisted);
    this.#unlisted.bytes += unlisted.bytes;
    this.#unlisted.connections += unlisted.connections;
    keys.forEach((key, index) => {
      const at = 4 * index;
      const one = this.#all.get(key) ??
        this.#begin(key, { bytes: 0, connections: 0 });
      one.bytes += counts[at]! - unlisted.bytes;
      one.bytesError += counts[at + 1]! - unlisted.bytes;
      one.connections += counts[at + 2]! - unlisted.connections;
      one.connectionsError += counts[at + 3]! - unlisted.connections;
    });
    // Only after all keys have their counts, because a discarded key loses its
    // own.
    this.#tidy();
  }

  /**
   * Lists the keys.
   *
   * @param order The weight to rank them by.
   * @param limit Most of them.
   * @returns The largest first.
   */
  top(order: keyof Weights, limit: number): Hitter[] {
    const other = order === "bytes" ? "connections" : "bytes";
    return [...this.#all.values()]
      .sort((a, b) => b[order] - a[order] || b[other] - a[other])
      .slice(0, limit);
  }

  /**
   * Copies the counts.
   *
   * @param most Most keys of the copy (default: as many as are kept).
   */
  table(most: number = this.#most): HitterTable {
    this.#shrink(most);
    const counts = new Float64Array(4 * this.#all.size);
    let at = 0;
    for (const one of this.#all.values()) {
      counts[at++] = one.bytes;
      counts[at++] = one.bytesError;
      counts[at++] = one.connections;
      counts[at++] = one.connectionsError;
    }
    const keys = [...this.#all.keys()];
    return { keys, counts, unlisted: { ...this.#unlisted } };
  }

  #begin(key: string, { bytes, connections }: Weights): Hitter {
    const most = this.#unlisted;
    const one: Hitter = {
      key,
      bytes: most.bytes + bytes,
      bytesError: most.bytes,
      connections: most.connections + connections,
      connectionsError: most.connections,
    };
    this.#all.set(key, one);
    return one;
  }

  #tidy(): void {
    if (this.#all.size > 2 * this.#most) this.#shrink(this.#most);
  }

  #shrink(most: number): void {
    if (this.#all.size <= most) return;
    const half = Math.ceil(most / 2);
    const kept = new Set(this.top("bytes", half));
    for (const one of this.top("connections", most)) {
      if (kept.size === most) break;
      kept.add(one);
    }
    for (const [key, one] of this.#all) {
      if (kept.has(one)) continue;
      this.#all.delete(key);
      const { bytes, connections } = this.#unlisted;
      this.#unlisted = {
        bytes: Math.max(bytes, one.bytes),
        connections: Math.max(connections, one.connections),
      };
    }
  }
}

function addMost(one: Hitter, { bytes, connections }: Weights): void {
  one.bytes += bytes;
  one.bytesError += bytes;
  one.connections += connections;
  one.connectionsError += connections;
}
