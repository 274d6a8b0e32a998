/**
 * A tunnel in a table.
 *
 * @module
 */

import type { Tunnel } from "../api.ts";
import { naturalKey } from "./order.ts";
import type { RateHistory } from "./rate_history.ts";

/** A tunnel, open or ended, in a list. */
export class Row<T extends Tunnel = Tunnel> {
  /** Its key, unique in the list. */
  readonly key: number;
  /** When it began, in milliseconds of the clock that nobody sets. */
  readonly startedAt: number;
  /** Rates of the last minute, if any. */
  rates: RateHistory | undefined;
  /** Whether an open tunnel has ended meanwhile. */
  isGone = false;
  #tunnel: T;
  /** Created only for rows that are sorted by a text. */
  #sortKeys: Map<string, string> | undefined;

  /** Creates a row. */
  constructor(key: number, tunnel: T) {
    this.key = key;
    this.#tunnel = tunnel;
    this.startedAt = performance.now() - tunnel.ageMs;
  }

  /** Milliseconds since it began; only of use while it is open. */
  get ageMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Whether it can be ended: it is open, and not ending already. */
  get isAlive(): boolean {
    return !this.isGone && this.#tunnel.state !== "closing";
  }

  /** The tunnel. */
  get tunnel(): T {
    return this.#tunnel;
  }

  /** Replaces the tunnel. */
  set tunnel(tunnel: T) {
    this.#tunnel = tunnel;
    this.#sortKeys = undefined;
  }

  /** Returns the cached sort key of a text. */
  sortKey(name: string, text: string | undefined): string {
    this.#sortKeys ??= new Map();
    let key = this.#sortKeys.get(name);
    if (key === undefined) {
      key = naturalKey(text ?? "");
      this.#sortKeys.set(name, key);
    }
    return key;
  }
}
