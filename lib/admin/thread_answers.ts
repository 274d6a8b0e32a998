/**
 * What one thread that takes connections can be asked, and answers, in the
 * thread itself: all as plain values that a message can carry.
 *
 * @module
 */

import { CutError } from "../observe/cut_error.ts";
import type { TimedName } from "../serve/live_connection.ts";
import type { Registry } from "../serve/registry.ts";
import { TimeClasses } from "../observe/time_classes.ts";
import type { ActiveBan } from "../policy/users/failure_table.ts";
import type { BanStatus, ClosedTunnel, ListedTunnel, Tunnel } from "./api.ts";
import { figuresOf, type ThreadFigures } from "./thread_figures.ts";
import { type ConnectionChanges, TunnelChanges } from "./tunnel_changes.ts";
import { TunnelRates } from "./tunnel_rates.ts";
import { closedOf, tunnelOf } from "./tunnel_rows.ts";

/** Tunnels that are told of at once. */
export const MOST_TUNNELS = 20_000;

/** Bans of one kind that are told of at once. */
const MOST_BANS = 20_000;

/** What is timed for figures; the rest is for traces. */
const TIMED = ["handshake", "auth", "resolve", "dial"] as const;

/** What has changed since the last look, and what all adds up to. */
export interface ThreadChanges extends ConnectionChanges {
  /** What all adds up to. */
  figures: ThreadFigures;
}

/** Which ban is meant. */
export type BanKey = Pick<BanStatus, "key" | "kind">;

/** Answers what a thread can be asked. */
export class ThreadAnswers {
  readonly #registry: Registry;
  readonly #changes: TunnelChanges;
  readonly #rates = new TunnelRates();
  readonly #times = new Map<TimedName, TimeClasses>(
    TIMED.map((name) => [name, new TimeClasses()]),
  );

  /**
   * Begins to measure times; nothing else is done until somebody asks.
   *
   * @param registry Connections of the thread.
   */
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#changes = new TunnelChanges(registry);
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

  /** Connections that are open, the oldest first. */
  tunnels(): ListedTunnel[] {
    const now = Date.now();
    const tunnels: Tunnel[] = [];
    for (const [listener, live] of this.#registry.open) {
      if (tunnels.length === MOST_TUNNELS) break;
      tunnels.push(tunnelOf(listener, live, now));
    }
    return this.#rates.add(tunnels, performance.now());
  }

  /** Connections that have ended, the oldest first. */
  closed(): ClosedTunnel[] {
    return this.#registry.closed().map(closedOf);
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
    live?.kill(new CutError("operator", "Ended by the operator"));
    return live !== undefined;
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
