/**
 * The open tunnels that the server has sent.
 *
 * @module
 */

import type {
  ClosedTunnel,
  SnapshotEvent,
  TickEvent,
  Tunnel,
  TunnelChange,
} from "../../api.ts";
import { naturalKey } from "../grid/order.ts";
import { RateHistory } from "./rate_history.ts";

/** Most ended tunnels remembered. */
const MOST_CLOSED = 500;

/** Assumed milliseconds between two ticks, if unknown. */
const USUAL_STEP = 1_000;

/** A tunnel, open or ended, in a list. */
export class Row<T extends Tunnel = Tunnel> {
  /** Its key, unique in the list. */
  readonly key: number;
  /** When it began, in milliseconds of this machine's clock. */
  readonly startedAt: number;
  /** Rates of the last minute, if any. */
  rates: RateHistory | undefined;
  /** Whether an open tunnel has ended meanwhile. */
  isGone = false;
  #tunnel: T;
  #sortKeys = new Map<string, string>();

  /** Creates a row. */
  constructor(key: number, tunnel: T, now: number) {
    this.key = key;
    this.#tunnel = tunnel;
    this.startedAt = now - tunnel.ageMs;
  }

  /** The tunnel. */
  get tunnel(): T {
    return this.#tunnel;
  }

  /** Replaces the tunnel. */
  set tunnel(tunnel: T) {
    this.#tunnel = tunnel;
    this.#sortKeys.clear();
  }

  /** Returns the cached sort key of a text. */
  sortKey(name: string, text: string | undefined): string {
    let key = this.#sortKeys.get(name);
    if (key === undefined) {
      key = naturalKey(text ?? "");
      this.#sortKeys.set(name, key);
    }
    return key;
  }
}

/** Keeps the tunnels up to date by events. */
export class TunnelList {
  /** Number of ticks so far. */
  tick = 0;
  /** Bytes a second to targets in the last tick, of all tunnels. */
  up = 0;
  /** Bytes a second to clients. */
  down = 0;
  /** New connections a second. */
  opened = 0;
  #rows = new Map<number, Row>();
  #closed: Row<ClosedTunnel>[] = [];
  #closings = 0;
  /** Ended tunnels reported by ticks since the restart. */
  #ticked: ClosedTunnel[] = [];
  /** Ended tunnels of the requested list, which a tick may report again. */
  #asked: Set<string> | undefined;
  #last: Pick<TickEvent, "at" | "status"> | undefined;

  /** Open tunnels by id. */
  get open(): ReadonlyMap<number, Row> {
    return this.#rows;
  }

  /** Recently ended tunnels, the oldest first. */
  get closed(): readonly Row<ClosedTunnel>[] {
    return this.#closed;
  }

  /** Restarts with a snapshot; known tunnels keep their rates. */
  restart({ tunnels }: Pick<SnapshotEvent, "tunnels">): void {
    const now = Date.now();
    const before = this.#rows;
    this.#rows = new Map();
    this.#last = undefined;
    this.#ticked = [];
    this.#asked = undefined;
    for (const tunnel of tunnels) {
      const row = new Row(tunnel.id, tunnel, now);
      row.rates = before.get(tunnel.id)?.rates;
      this.#rows.set(tunnel.id, row);
      before.delete(tunnel.id);
    }
    for (const row of before.values()) row.isGone = true;
  }

  /**
   * Replaces the ended tunnels. Ticks have reported some of them, will report
   * others, and may know some that ended after the request.
   */
  restartClosed(closed: readonly ClosedTunnel[]): void {
    const asked = new Set(closed.map(identify));
    const newer = this.#ticked.filter((tunnel) => !asked.has(identify(tunnel)));
    this.#closed = [];
    this.#addClosed([...closed, ...newer]);
    this.#asked = asked;
    this.#ticked = [];
  }

  /** Applies the changes since the last event. */
  update(event: TickEvent): void {
    const elapsed = event.at - (this.#last?.at ?? event.at - USUAL_STEP);
    const seconds = Math.max(1, elapsed) / 1000;
    this.tick++;
    for (const tunnel of event.opened) this.#add(tunnel, seconds);
    for (const change of event.changed) this.#change(change, seconds);
    // Not those in `closed`: an ended request leaves its connection open.
    for (const id of event.gone) this.#remove(id);
    this.#takeClosed(event.closed);
    this.#count(event, seconds);
  }

  #add(tunnel: Tunnel, seconds: number): void {
    const row = this.#rows.get(tunnel.id);
    if (row === undefined) {
      const added = new Row(tunnel.id, tunnel, Date.now());
      this.#rows.set(tunnel.id, added);
      this.#note(added, tunnel.sent / seconds, tunnel.received / seconds);
      return;
    }
    const { sent, received } = row.tunnel;
    row.tunnel = tunnel;
    this.#note(
      row,
      (tunnel.sent - sent) / seconds,
      (tunnel.received - received) / seconds,
    );
  }

  #change([id, sent, received, state]: TunnelChange, seconds: number): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const { tunnel } = row;
    const up = (sent - tunnel.sent) / seconds;
    const down = (received - tunnel.received) / seconds;
    if (state !== tunnel.state) row.tunnel = { ...tunnel, state };
    row.tunnel.sent = sent;
    row.tunnel.received = received;
    this.#note(row, up, down);
  }

  #note(row: Row, up: number, down: number): void {
    if (up <= 0 && down <= 0) return;
    row.rates ??= new RateHistory();
    row.rates.write(this.tick, Math.max(0, up), Math.max(0, down));
  }

  #remove(id: number): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    row.isGone = true;
    this.#rows.delete(id);
  }

  #takeClosed(closed: readonly ClosedTunnel[]): void {
    const asked = this.#asked;
    if (asked === undefined) {
      this.#ticked = [...this.#ticked, ...closed].slice(-MOST_CLOSED);
      this.#addClosed(closed);
    } else {
      this.#addClosed(
        closed.filter((tunnel) => !asked.delete(identify(tunnel))),
      );
    }
  }

  #addClosed(closed: readonly ClosedTunnel[]): void {
    const now = Date.now();
    for (const tunnel of closed) {
      this.#closed.push(new Row(++this.#closings, tunnel, now));
    }
    const over = this.#closed.length - MOST_CLOSED;
    if (over > 0) this.#closed.splice(0, over);
  }

  #count({ at, status }: TickEvent, seconds: number): void {
    const last = this.#last?.status;
    const perSecond = (name: "sent" | "received" | "total") =>
      last === undefined ? 0 : Math.max(0, status[name] - last[name]) / seconds;
    this.up = perSecond("sent");
    this.down = perSecond("received");
    this.opened = perSecond("total");
    this.#last = { at, status };
  }
}

/** Requests share the id of their connection, so it is not unique. */
function identify(tunnel: ClosedTunnel): string {
  const { id, startedAt, endedAt, sent, received } = tunnel;
  return [id, startedAt, endedAt, sent, received].join(" ");
}
