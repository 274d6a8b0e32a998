/**
 * The admin page.
 *
 * Events are stored when they arrive and drawn before the next frame, so a
 * window in the background draws nothing.
 *
 * @module
 */

import type { BanStatus, SnapshotEvent, Status, TickEvent } from "../api.ts";
import {
  ask,
  askToken,
  refreshQuestion,
  startDialogs,
} from "./base/dialogs.ts";
import { byId } from "./base/element.ts";
import { notify, notifyFailure } from "./base/notices.ts";
import { pause } from "./base/pause.ts";
import { type Palette, startTheme } from "./base/theme.ts";
import { BanTable, nameOf } from "./cards/ban_table.ts";
import { FleetCard } from "./cards/fleet_card.ts";
import { FailuresCard } from "./cards/failures_card.ts";
import { poolTable } from "./cards/pool_table.ts";
import { TalkersCard } from "./cards/talkers_card.ts";
import { Charts } from "./charts/charts.ts";
import { Api } from "../client/api.ts";
import { noteHeard, showConnection } from "./server/connection_line.ts";
import { DrainPanel } from "./server/drain_panel.ts";
import type { ServerEvent } from "../client/event_parser.ts";
import { Insight } from "./server/insight.ts";
import { followNode } from "../client/follow_node.ts";
import { follow, type StreamState } from "../client/live.ts";
import {
  showListeners,
  showRates,
  showStatus,
  showTimeZone,
} from "./server/overview.ts";
import { startReload } from "./server/reload_button.ts";
import { TunnelActions } from "./tunnels/actions.ts";
import { ClosedPanel } from "./tunnels/closed_panel.ts";
import { OpenPanel } from "./tunnels/open_panel.ts";
import { TunnelList } from "../client/tunnel_list.ts";

/** Milliseconds between polls of data without events. */
const POLL = 5_000;

class Page {
  readonly #api = new Api(askToken);
  readonly #list = new TunnelList();
  readonly #charts = new Charts();
  readonly #drain = new DrainPanel(this.#api, () => this.#status?.open ?? 0);
  readonly #actions = new TunnelActions({
    api: this.#api,
    list: this.#list,
    onFilter: (filter) => this.#find(filter),
    onBan: () => this.#poll(),
  });
  readonly #open = new OpenPanel(
    this.#list,
    this.#actions,
    () => this.#palette,
  );
  readonly #closed = new ClosedPanel(
    this.#list.closed,
    this.#actions,
    this.#api,
  );
  readonly #talkers = new TalkersCard({
    onFilter: (filter) => this.#find(filter),
    onChange: () => this.#insight.loadTalkers().catch(() => {}),
  });
  readonly #failures = new FailuresCard((filter) => this.#closed.find(filter));
  readonly #pools = poolTable();
  readonly #bans = new BanTable((ban) => this.#lift(ban));
  readonly #insight = new Insight(this.#api, {
    charts: this.#charts,
    talkers: this.#talkers,
    failures: this.#failures,
  }, () => this.#now);
  readonly #fleet = new FleetCard(this.#api, () => this.#follow());
  #following = new AbortController();
  #palette!: Palette;
  #status: Status | undefined;
  #statusAt = 0;
  #isDrawn = true;

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
    this.#follow();
    setInterval(() => this.#poll(), POLL);
    document.addEventListener("visibilitychange", () => this.#poll());
  }

  /** Follows the chosen node, and the one before no more. */
  #follow(): void {
    this.#following.abort();
    const { signal } = this.#following = new AbortController();
    const followChosen = this.#api.node === undefined ? follow : followNode;
    followChosen(this.#api, {
      onEvent: async (event) => {
        if (!signal.aborted) await this.#take(event);
      },
      onState: (state) => this.#showState(state),
    }, signal);
  }

  async #take({ name, data }: ServerEvent): Promise<void> {
    noteHeard();
    if (name === "history") this.#insight.add(JSON.parse(data));
    else if (name === "tick") this.#tick(JSON.parse(data));
    else if (name === "snapshot") await this.#restart(JSON.parse(data));
    this.#drawSoon();
  }

  /** Reading many tunnels and creating their rows takes a while. */
  async #restart(snapshot: SnapshotEvent): Promise<void> {
    await pause();
    this.#takeStatus(snapshot.status);
    await this.#list.restart(snapshot, pause);
    this.#closed.restart();
    this.#insight.restart();
    this.#poll();
  }

  #tick(event: TickEvent): void {
    this.#list.update(event);
    if (this.#status === undefined) return;
    const uptimeMs = event.at - Date.parse(this.#status.startedAt);
    this.#takeStatus({ ...this.#status, ...event.status, uptimeMs });
  }

  #showState(state: StreamState): void {
    showConnection(state);
    if (state.is !== "lost") return;
    if (state.hasEnded) this.#list.end();
    this.#drawSoon();
  }

  #takeStatus(status: Status): void {
    this.#status = status;
    this.#statusAt = performance.now();
  }

  /** By the server's clock, which may differ from this machine's. */
  get #now(): number {
    if (this.#status === undefined) return Date.now();
    const { startedAt, uptimeMs } = this.#status;
    return Date.parse(startedAt) + uptimeMs + performance.now() -
      this.#statusAt;
  }

  /** A failed poll is not reported, because the next one follows soon. */
  async #poll(): Promise<void> {
    if (document.hidden || this.#status === undefined) return;
    if (document.documentElement.dataset["live"] !== "live") return;
    const [status, pools, bans] = await Promise.allSettled([
      this.#api.call("GET /api/status"),
      this.#api.call("GET /api/pools"),
      this.#api.call("GET /api/bans"),
      this.#insight.poll(),
      // A program without a fleet has no list of nodes.
      this.#status.node === null ? undefined : this.#fleet.poll(),
    ]);
    if (status.status === "fulfilled") {
      this.#takeStatus(status.value);
      showListeners(status.value.listeners);
    }
    if (pools.status === "fulfilled") this.#pools.show(pools.value.pools);
    if (bans.status === "fulfilled") {
      this.#bans.show(bans.value.bans);
      this.#bans.passTime(this.#now);
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
    showRates(this.#list, status);
    showStatus(status, status.uptimeMs);
    this.#drain.update(status.draining, this.#now);
    this.#open.update(status.open);
    this.#bans.passTime(this.#now);
    this.#closed.update();
    this.#insight.draw();
    refreshQuestion();
  }

  /** Shows the open and the ended tunnels that match a filter. */
  #find(filter: string): void {
    this.#closed.find(filter);
    this.#open.find(filter);
  }

  /** Asks before it lifts a ban on another node. */
  async #isMeant(ban: BanStatus): Promise<boolean> {
    const { node, where } = this.#api;
    return node === undefined || await ask({
      title: `Lift the ban of ${nameOf(ban)}${where}?`,
      text: "The whole fleet serves it again.",
      action: "Lift",
    });
  }

  async #lift(ban: BanStatus): Promise<void> {
    const { key, kind } = ban;
    if (!await this.#isMeant(ban)) return;
    try {
      await this.#api.call(
        `DELETE /api/bans/${encodeURIComponent(key)}?kind=${kind}`,
      );
      notify(`Lifted the ban of ${nameOf(ban)}`);
      this.#bans.remove(ban);
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

const page = new Page();
await pause();
page.start();
