/**
 * The open tunnels that the server has sent.
 *
 * @module
 */

import type { SnapshotEvent, TickEvent, Tunnel, TunnelChange } from "../api.ts";
import { ClosedList } from "./closed_list.ts";
import { RateHistory } from "./rate_history.ts";
import { Row } from "./row.ts";

/** Most rows created in one task. */
const PART = 2_000;

/** Assumed milliseconds between two ticks, if unknown. */
const USUAL_STEP = 1_000;

/** Keeps the tunnels up to date by events. */
export class TunnelList {
  /** The ended tunnels. */
  readonly closed: ClosedList = new ClosedList();
  /** Number of ticks so far. */
  tick = 0;
  /** Bytes a second to targets in the last tick, of all tunnels. */
  up = 0;
  /** Bytes a second to clients. */
  down = 0;
  #rows = new Map<number, Row>();
  #last: Pick<TickEvent, "at" | "status"> | undefined;

  /** Open tunnels by id. */
  get open(): ReadonlyMap<number, Row> {
    return this.#rows;
  }

  /**
   * Restarts with a snapshot; known tunnels keep their rates.
   *
   * @param pause Called between parts of a long list (default: no pause).
   */
  async restart(
    { tunnels }: Pick<SnapshotEvent, "tunnels">,
    pause?: () => Promise<void>,
  ): Promise<void> {
    const before = this.#rows;
    const rows = new Map<number, Row>();
    for (const [n, tunnel] of tunnels.entries()) {
      if (n % PART === PART - 1) await pause?.();
      const row = new Row(tunnel.id, tunnel);
      row.rates = before.get(tunnel.id)?.rates;
      rows.set(tunnel.id, row);
    }
    for (const [id, row] of before) row.isGone ||= !rows.has(id);
    this.#rows = rows;
    this.#last = undefined;
    this.closed.restart();
  }

  /** Handles the end of the server, which ends every tunnel. */
  end(): void {
    for (const row of this.#rows.values()) row.isGone = true;
  }

  /** Applies the changes since the last event. */
  update(event: TickEvent): void {
    const elapsed = event.at - (this.#last?.at ?? event.at);
    // Nor does anybody know when the server's clock was set back.
    const seconds = (elapsed > 0 ? elapsed : USUAL_STEP) / 1000;
    this.tick++;
    for (const tunnel of event.opened) this.#add(tunnel, seconds);
    for (const change of event.changed) this.#change(change, seconds);
    // `closed` does not tell: an ended request leaves its connection open.
    for (const id of event.gone) this.#remove(id);
    this.closed.take(event.closed);
    this.#count(event, seconds);
  }

  #add(tunnel: Tunnel, seconds: number): void {
    const row = this.#rows.get(tunnel.id);
    if (row === undefined) {
      const added = new Row(tunnel.id, tunnel);
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

  #count({ at, status }: TickEvent, seconds: number): void {
    const last = this.#last?.status;
    const perSecond = (name: "sent" | "received") =>
      last === undefined ? 0 : Math.max(0, status[name] - last[name]) / seconds;
    this.up = perSecond("sent");
    this.down = perSecond("received");
    this.#last = { at, status };
  }
}
