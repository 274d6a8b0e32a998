/**
 * The admin page.
 *
 * Events are stored when they arrive and drawn before the next frame, so a
 * window in the background draws nothing.
 *
 * @module
 */

import type {
  BanStatus,
  ClosedTunnel,
  HistoryPoint,
  SnapshotEvent,
  Status,
  TickEvent,
} from "../api.ts";
import { Api } from "./api.ts";
import { Charts } from "./charts.ts";
import { closedColumns, openColumns } from "./columns.ts";
import { noteHeard, showConnection } from "./connection_line.ts";
import { ask, askToken, refreshQuestion, startDialogs } from "./dialogs.ts";
import { DrainPanel } from "./drain_panel.ts";
import { byId } from "./element.ts";
import type { ServerEvent } from "./event_parser.ts";
import { ListPanel } from "./list_panel.ts";
import { follow } from "./live.ts";
import { notify, notifyFailure } from "./notices.ts";
import {
  showListeners,
  showRates,
  showStatus,
  showTimeZone,
} from "./overview.ts";
import { startReload } from "./reload_button.ts";
import { nameOf, SideTables } from "./side_tables.ts";
import { type Palette, startTheme } from "./theme.ts";
import { describeClosed, describeOpen } from "./tunnel_facts.ts";
import { type Row, TunnelList } from "./tunnel_list.ts";

/** Milliseconds between polls of data without events. */
const POLL = 5_000;

/** Most tunnels that the server sends at the beginning. */
const MOST_TOLD = 20_000;

class Page {
  readonly #api = new Api(askToken);
  readonly #list = new TunnelList();
  readonly #charts = new Charts();
  readonly #drain = new DrainPanel(this.#api, () => this.#status?.open ?? 0);
  readonly #open: ListPanel<Row>;
  readonly #closed: ListPanel<Row<ClosedTunnel>>;
  readonly #sides = new SideTables((ban) => this.#lift(ban));
  #palette!: Palette;
  #status: Status | undefined;
  #statusAt = 0;
  #isDrawn = true;

  constructor() {
    this.#open = new ListPanel<Row>({
      name: "tunnels",
      columns: openColumns(this.#list, () => this.#palette),
      sortedBy: "age",
      onChoose: (row, how) => this.#choose(row, how === "delete"),
    });
    this.#closed = new ListPanel<Row<ClosedTunnel>>({
      name: "closed",
      columns: closedColumns(),
      sortedBy: "ended",
      onChoose: (row) => this.#tell(row),
    });
  }

  start(): void {
    startDialogs();
    startReload(this.#api);
    showTimeZone();
    startTheme((palette) => {
      this.#palette = palette;
      this.#charts.paint(palette);
      this.#open.refresh();
    });
    listenForFilterKey();
    follow(this.#api, {
      onEvent: (event) => this.#take(event),
      onState: (state) => showConnection(state, this.#drain.isUnderWay),
    });
    setInterval(() => this.#poll(), POLL);
    document.addEventListener("visibilitychange", () => this.#poll());
  }

  #take({ name, data }: ServerEvent): void {
    noteHeard();
    if (name === "history") this.#charts.add(JSON.parse(data) as HistoryPoint);
    else if (name === "tick") this.#tick(JSON.parse(data) as TickEvent);
    else if (name === "snapshot") {
      const snapshot = JSON.parse(data) as SnapshotEvent;
      this.#takeStatus(snapshot.status);
      this.#list.restart(snapshot);
      this.#loadPast();
      this.#poll();
    }
    this.#drawSoon();
  }

  #tick(event: TickEvent): void {
    this.#list.update(event);
    if (this.#status === undefined) return;
    const uptimeMs = event.at - Date.parse(this.#status.startedAt);
    this.#takeStatus({ ...this.#status, ...event.status, uptimeMs });
  }

  #takeStatus(status: Status): void {
    this.#status = status;
    this.#statusAt = Date.now();
  }

  /** By the server's clock, which need not be this machine's. */
  get #now(): number {
    if (this.#status === undefined) return Date.now();
    const { startedAt, uptimeMs } = this.#status;
    return Date.parse(startedAt) + uptimeMs + Date.now() - this.#statusAt;
  }

  async #loadPast(): Promise<void> {
    try {
      const [{ closed }, history] = await Promise.all([
        this.#api.call("GET /api/closed"),
        this.#api.call("GET /api/history"),
      ]);
      this.#list.restartClosed(closed);
      this.#charts.restart(history);
      this.#drawSoon();
    } catch (error) {
      notifyFailure("Cannot load ended connections and history", error);
    }
  }

  /** A failed poll is not reported: the next one follows. */
  async #poll(): Promise<void> {
    if (document.hidden || this.#status === undefined) return;
    if (document.documentElement.dataset["live"] !== "live") return;
    const [status, refusals, pools, bans] = await Promise.allSettled([
      this.#api.call("GET /api/status"),
      this.#api.call("GET /api/refusals"),
      this.#api.call("GET /api/pools"),
      this.#api.call("GET /api/bans"),
    ]);
    if (status.status === "fulfilled") {
      this.#takeStatus(status.value);
      showListeners(status.value.listeners);
    }
    if (refusals.status === "fulfilled") {
      this.#sides.showRefusals(refusals.value.refusals);
    }
    if (pools.status === "fulfilled") this.#sides.showPools(pools.value.pools);
    if (bans.status === "fulfilled") {
      this.#sides.showBans(bans.value.bans);
      this.#sides.passTime(this.#now);
    }
  }

  #drawSoon(): void {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    requestAnimationFrame(() => {
      this.#isDrawn = true;
      this.#draw();
    });
  }

  #draw(): void {
    const status = this.#status;
    if (status === undefined) return;
    showRates(this.#list, status.open);
    showStatus(status, status.uptimeMs);
    this.#drain.update(status.draining, this.#now);
    const open = [...this.#list.open.values()];
    this.#open.update(open, open.length < MOST_TOLD ? undefined : status.open);
    this.#sides.passTime(this.#now);
    this.#closed.update(this.#list.closed);
    refreshQuestion();
  }

  async #choose(row: Row, isKill: boolean): Promise<void> {
    const { id } = row.tunnel;
    const isMeant = await ask({
      title: isKill ? `Kill tunnel ${id}?` : `Tunnel ${id}`,
      ...(isKill ? { text: "Both of its sides see the end at once." } : {}),
      facts: describeOpen(row, this.#list),
      action: "Kill",
      cancel: isKill ? "Cancel" : "Close",
    });
    if (!isMeant) return;
    try {
      await this.#api.call(`DELETE /api/tunnels/${id}`);
      notify(`Killed tunnel ${id}`);
    } catch (error) {
      notifyFailure(`Cannot kill tunnel ${id}`, error);
    }
  }

  async #tell(row: Row<ClosedTunnel>): Promise<void> {
    await ask({
      title: `Tunnel ${row.tunnel.id}, ended`,
      facts: describeClosed(row.tunnel),
      cancel: "Close",
    });
  }

  async #lift(ban: BanStatus): Promise<void> {
    const { key, kind } = ban;
    try {
      await this.#api.call(
        `DELETE /api/bans/${encodeURIComponent(key)}?kind=${kind}`,
      );
      notify(`Lifted the ban of ${nameOf(ban)}`);
      this.#sides.removeBan(ban);
    } catch (error) {
      notifyFailure(`Cannot lift the ban of ${nameOf(ban)}`, error);
    }
  }
}

/** `/` moves to the filter, except from a text field. */
function listenForFilterKey(): void {
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (key !== "/" || ctrlKey || metaKey || altKey) return;
    if (target instanceof HTMLInputElement) return;
    if (document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    byId("tunnels-filter", HTMLInputElement).focus();
  });
}

new Page().start();
