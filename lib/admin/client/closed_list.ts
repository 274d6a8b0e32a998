/**
 * The ended tunnels that the server remembers: first the newest, older ones on
 * request.
 *
 * @module
 */

import type { ClosedAnswer, ClosedTunnel } from "../api.ts";
import { Row } from "./row.ts";

/** Most ended tunnels, here and in the server. */
const MOST = 10_000;

/** Keeps the ended tunnels up to date by events. */
export class ClosedList {
  /** A number that grows when the rows change. */
  version = 0;
  /** Tunnels that the server remembers. */
  kept = 0;
  /** Position of older ones, for `before`; `null` if there are none. */
  next: string | null = null;
  readonly #rows: Row<ClosedTunnel>[] = [];
  #newest = 0;
  #oldest = 0;
  /** Ended tunnels reported by ticks since the restart. */
  #ticked: ClosedTunnel[] = [];
  /** Ended tunnels of the requested list, which a tick may report again. */
  #asked: Set<string> | undefined;

  /** The oldest first. */
  get rows(): readonly Row<ClosedTunnel>[] {
    return this.#rows;
  }

  /** Begins again; a list of the newest will follow. */
  restart(): void {
    this.#ticked = [];
    this.#asked = undefined;
  }

  /**
   * Replaces all by the newest. Ticks have already reported some of them, will
   * report others, and may include some that ended after the request.
   */
  begin({ closed, kept, next }: ClosedAnswer): void {
    const asked = new Set(closed.map(identify));
    const newer = this.#ticked.filter((tunnel) => !asked.has(identify(tunnel)));
    this.#rows.length = 0;
    this.#add([...closed, ...newer]);
    this.next = next;
    this.kept = Math.min(MOST, kept + newer.length);
    this.#asked = asked;
    this.#ticked = [];
  }

  /** Adds tunnels that ended before all others here. */
  addOlder({ closed, next }: ClosedAnswer): void {
    const room = MOST - this.#rows.length;
    const rows = closed.slice(Math.max(0, closed.length - room)).reverse()
      .map((tunnel) => new Row(--this.#oldest, tunnel));
    this.#rows.unshift(...rows.reverse());
    this.next = closed.length > room ? null : next;
    this.version++;
  }

  /** Adds the tunnels that a tick reports. */
  take(closed: readonly ClosedTunnel[]): void {
    if (closed.length === 0) return;
    const asked = this.#asked;
    if (asked === undefined) {
      this.#ticked = [...this.#ticked, ...closed].slice(-MOST);
      this.#add(closed);
    } else {
      this.#add(closed.filter((tunnel) => !asked.delete(identify(tunnel))));
    }
  }

  #add(closed: readonly ClosedTunnel[]): void {
    for (const tunnel of closed) {
      this.#rows.push(new Row(++this.#newest, tunnel));
    }
    const over = this.#rows.length - MOST;
    if (over > 0) this.#rows.splice(0, over);
    this.kept = Math.min(MOST, this.kept + closed.length);
    this.version++;
  }
}

/** Requests share the id of their connection, so it is not unique. */
function identify(tunnel: ClosedTunnel): string {
  const { id, startedAt, endedAt, sent, received } = tunnel;
  return [id, startedAt, endedAt, sent, received].join(" ");
}
