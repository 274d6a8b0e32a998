/**
 * What one thread that takes connections can be asked, and answers, in the
 * thread itself: all as plain values that a message can carry.
 *
 * @module
 */

import { CutError } from "../observe/cut_error.ts";
import type { LiveConnection, TimedName } from "../serve/live_connection.ts";
import type { Registry } from "../serve/registry.ts";
import { TimeClasses } from "../observe/time_classes.ts";
import { clientKey } from "../policy/limits/client_key.ts";
import type { ActiveBan } from "../policy/users/failure_table.ts";
import type { BanStatus, ListedTunnel, TunnelGroup } from "./api.ts";
import { hostOf, matchesFilter, parseFilter } from "./filter.ts";
import { type Recorded, Recorder } from "./record/recorder.ts";
import { figuresOf, type ThreadFigures } from "./thread_figures.ts";
import { type ConnectionChanges, TunnelChanges } from "./tunnels/changes.ts";
import {
  type EndedPage,
  type EndedQuery,
  EndedTunnels,
} from "./tunnels/ended.ts";
import { type GroupBy, TunnelGroups } from "./tunnels/groups.ts";
import { tunnelOrder } from "./tunnels/order.ts";
import { TunnelRates } from "./tunnels/rates.ts";
import { tunnelOf } from "./tunnels/rows.ts";

/** Tunnels that are told of at once. */
export const MOST_TUNNELS = 20_000;

/** Bans of one kind that are told of at once. */
export const MOST_BANS = 20_000;

/** What is timed for figures; the rest is for traces. */
const TIMED = ["handshake", "auth", "resolve", "dial"] as const;

/** What has changed since the last look, and what all adds up to. */
export interface ThreadChanges extends ConnectionChanges {
  /** What all adds up to. */
  figures: ThreadFigures;
}

/** What was recorded since the last time, and what all adds up to. */
export interface ThreadRecord extends Recorded {
  /** What all adds up to. */
  figures: ThreadFigures;
}

/** Which open connections are meant. */
export interface TunnelQuery {
  /** Filter of the connections. */
  filter: string;
  /** Column to sort by; with `-` the largest first. */
  sort: string;
  /** Most of them. */
  most: number;
}

/** Open connections that match, and how many those are. */
export interface TunnelPage {
  /** As many as were asked for. */
  tunnels: ListedTunnel[];
  /** How many match. */
  matching: number;
}

/** Which ban is meant. */
export type BanKey = Pick<BanStatus, "key" | "kind">;

/** Answers what a thread can be asked. */
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
   * Begins to measure times; nothing else is done until somebody asks.
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

  /** What all adds up to. */
  figures(): ThreadFigures {
    const times = Array.from(
      this.#times,
      ([name, { counted }]) => [name, counted] as const,
    );
    return figuresOf(this.#registry, Object.fromEntries(times));
  }

  /**
   * Begins to remember what ends, and to record for
   * {@linkcode ThreadAnswers.recorded}.
   */
  record(): true {
    if (this.#recorder !== undefined) return true;
    this.#recorder = new Recorder(this.#registry);
    this.#registry.onEnd((ended) => this.#ended.add(ended));
    return true;
  }

  /** What was recorded since it was asked that before. */
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
   * Open connections by what they share.
   *
   * @param filter Filter of the connections.
   */
  groups(by: GroupBy, filter: string): TunnelGroup[] {
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

  /** What has changed since it was asked that before. */
  changes(): ThreadChanges {
    return { figures: this.figures(), ...this.#changes.take() };
  }

  /** Says that nobody asks for changes any more. */
  rest(): void {
    this.#changes.rest();
  }

  /**
   * Ends a connection.
   *
   * @param id Number of it.
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
   * @param most Most of them.
   * @returns How many.
   */
  endMatching(filter: string, most: number): number {
    const ids = Array.from(this.#matching(filter), ({ id }) => id)
      .slice(0, most);
    return ids.filter((id) => this.end(id)).length;
  }

  /**
   * Bans a client from all listeners, and ends its connections.
   *
   * @param client Its address.
   * @param milliseconds How long.
   * @returns How many connections were ended.
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
   * @param ban Which one.
   * @returns Whether there was one.
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
