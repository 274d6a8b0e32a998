/**
 * The questions to one thread that accepts connections, with their answers,
 * computed in that thread. All are plain values that a message can carry.
 *
 * @module
 */

import { CutError } from "../../observe/cut_error.ts";
import type { LiveConnection, TimedName } from "../../serve/live_connection.ts";
import type { Registry } from "../../serve/registry.ts";
import { TimeClasses } from "../../observe/time_classes.ts";
import { clientKey } from "../../policy/limits/client_key.ts";
import type { ActiveBan } from "../../policy/users/failure_table.ts";
import type { BanStatus, ListedTunnel, TunnelGroup } from "../api.ts";
import type { Dimension } from "../client/dimensions.ts";
import { hostOf, matchesFilter, parseFilter } from "../filter.ts";
import type { Recorded } from "../record/event_sum.ts";
import { Recorder } from "../record/recorder.ts";
import { figuresOf, type ThreadFigures } from "./figures.ts";
import { type ConnectionChanges, TunnelChanges } from "../tunnels/changes.ts";
import {
  type EndedPage,
  type EndedQuery,
  EndedTunnels,
} from "../tunnels/ended.ts";
import { TunnelGroups } from "../tunnels/groups.ts";
import { tunnelOrder } from "../tunnels/order.ts";
import { TunnelRates } from "../tunnels/rates.ts";
import { tunnelOf } from "../tunnels/rows.ts";

/** Most tunnels in one answer. */
export const MOST_TUNNELS = 20_000;

/** Most bans of one kind in one answer. */
export const MOST_BANS = 20_000;

/** Phases that are timed for metrics; the others are for traces. */
const TIMED = ["handshake", "auth", "resolve", "dial"] as const;

/** Changes since the last question, and the figures. */
export interface ThreadChanges extends ConnectionChanges {
  /** The thread's figures. */
  figures: ThreadFigures;
}

/** The record since the last question, and the figures. */
export interface ThreadRecord extends Recorded {
  /** The thread's figures. */
  figures: ThreadFigures;
}

/** Selects open connections. */
export interface TunnelQuery {
  /** Filter of the connections. */
  filter: string;
  /** Column to sort by; with `-` the largest first. */
  sort: string;
  /** Most connections to return. */
  most: number;
}

/** Open connections that match, and their number. */
export interface TunnelPage {
  /** The requested part. */
  tunnels: ListedTunnel[];
  /** Number that match. */
  matching: number;
}

/** Selects a ban. */
export type BanKey = Pick<BanStatus, "key" | "kind">;

/** Answers the questions to a thread. */
export class ThreadAnswers {
  readonly #registry: Registry;
  readonly #ended = new EndedTunnels();
  readonly #changes: TunnelChanges;
  readonly #rates = new TunnelRates();
  readonly #times = new Map<TimedName, TimeClasses>(
    TIMED.map((name) => [name, new TimeClasses()]),
  );
  #recorder: Recorder | undefined;

  /**
   * Starts to measure times, and does nothing else until the first question.
   *
   * @param registry Connections of the thread.
   */
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#changes = new TunnelChanges(registry, this.#ended);
    registry.onTime((name, milliseconds) =>
      this.#times.get(name)?.add(milliseconds)
    );
  }

  /** The thread's figures. */
  figures(): ThreadFigures {
    const times = Array.from(
      this.#times,
      ([name, { counted }]) => [name, counted] as const,
    );
    return figuresOf(this.#registry, Object.fromEntries(times));
  }

  /**
   * Starts to remember ended connections, and to record for
   * {@linkcode ThreadAnswers.recorded}.
   */
  record(): true {
    if (this.#recorder !== undefined) return true;
    this.#recorder = new Recorder(this.#registry);
    this.#registry.onEnd((ended) => this.#ended.add(ended));
    return true;
  }

  /** The record since the last call. */
  recorded(): ThreadRecord | undefined {
    const recorded = this.#recorder?.take();
    return recorded && { ...recorded, figures: this.figures() };
  }

  /** Connections that are open. */
  tunnels({ filter, most, sort }: TunnelQuery): TunnelPage {
    const tunnels = [...this.#matching(filter)].sort(tunnelOrder(sort));
    return { tunnels: tunnels.slice(0, most), matching: tunnels.length };
  }

  /**
   * Open connections, grouped by a field.
   *
   * @param filter Filter of the connections.
   */
  groups(by: Dimension, filter: string): TunnelGroup[] {
    const groups = new TunnelGroups(by);
    for (const tunnel of this.#matching(filter)) groups.add(tunnel);
    return groups.all.slice(0, MOST_TUNNELS);
  }

  /**
   * Connections that have ended.
   *
   * @param filter Filter of the connections.
   */
  closed(filter: string, query: EndedQuery): EndedPage {
    return this.#ended.page(parseFilter(filter), query);
  }

  /** Bans in force. */
  bans(): BanStatus[] {
    const now = Date.now();
    const { bans } = this.#registry;
    const clients = bans.flatMap((one) => one.list());
    const users = bans.flatMap((one) => one.attacked());
    return [
      ...clients.slice(0, MOST_BANS).map(banOf("client", now)),
      ...users.slice(0, MOST_BANS).map(banOf("user", now)),
    ];
  }

  /** The changes since the last call. */
  changes(): ThreadChanges {
    return { figures: this.figures(), ...this.#changes.take() };
  }

  /** Stops following changes. */
  rest(): void {
    this.#changes.rest();
  }

  /**
   * Ends a connection.
   *
   * @returns Whether it was open.
   */
  end(id: number): boolean {
    const live = this.#registry.get(id);
    if (live !== undefined) endByOperator(live);
    return live !== undefined;
  }

  /**
   * Ends open connections that match a filter, the oldest first.
   *
   * @param most Most connections to return.
   * @returns Number of ended connections.
   */
  endMatching(filter: string, most: number): number {
    const ids = new Set(this.#matching(filter).map(({ id }) => id).take(most));
    const found = this.#registry.open.filter(([, { id }]) => ids.has(id));
    for (const [, live] of found) endByOperator(live);
    return found.length;
  }

  /**
   * Bans a client from all listeners, and ends its connections.
   *
   * @param client Its address.
   * @param milliseconds Duration.
   * @returns Number of ended connections.
   */
  ban(client: string, milliseconds: number): number {
    this.#registry.ban(client, milliseconds);
    const key = clientKey(client);
    let ended = 0;
    for (const [, live] of this.#registry.open) {
      if (clientKey(hostOf(live.session.record.client)) !== key) continue;
      endByOperator(live);
      ended++;
    }
    return ended;
  }

  /**
   * Ends a ban by an operator, and no other.
   *
   * @param client Address or key.
   * @returns Whether there was one.
   */
  unban(client: string): boolean {
    return this.#registry.unban(client);
  }

  /**
   * Ends a ban, wherever it is in force: a client may be banned by several.
   *
   * @param ban Its kind and key.
   * @returns Whether it existed.
   */
  lift({ key, kind }: BanKey): boolean {
    const lifted = this.#registry.bans.map((one) =>
      kind === "user" ? one.calm(key) : one.lift(key)
    );
    return lifted.includes(true);
  }

  *#matching(filter: string): Generator<ListedTunnel> {
    const terms = parseFilter(filter);
    const now = Date.now();
    const tick = performance.now();
    this.#rates.look(this.#connections(), tick);
    for (const [listener, live] of this.#registry.open) {
      const tunnel = tunnelOf(listener, live, now);
      if (matchesFilter(terms, tunnel)) yield this.#rates.rate(tunnel, tick);
    }
  }

  *#connections(): Generator<LiveConnection> {
    for (const [, live] of this.#registry.open) yield live;
  }
}

function endByOperator(live: LiveConnection): void {
  live.kill(new CutError("operator", "Ended by the operator"));
}

function banOf(
  kind: BanStatus["kind"],
  now: number,
): (ban: ActiveBan) => BanStatus {
  return ({ failed, key, remaining }) => ({
    key,
    kind,
    until: new Date(now + remaining).toISOString(),
    failures: failed,
  });
}
