/**
 * What the admin API tells, made from what runs.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import type { LiveConnection } from "../handlers/live_connection.ts";
import type {
  EndedConnection,
  ListenerWatch,
  Registry,
} from "../handlers/registry.ts";
import type { LoopDelay } from "../observe/loop_delay.ts";
import type { ActiveBan } from "../policy/failure_table.ts";
import type {
  BanStatus,
  ClosedTunnel,
  Drain,
  PoolStatus,
  RefusalCount,
  Status,
  Tunnel,
} from "./admin_api.ts";
import type { DescriptorMeter } from "./descriptor_meter.ts";
import type { DrainState } from "./drain_state.ts";

/** Tunnels that are told of at once. */
const MOST_TUNNELS = 20_000;

/** What the admin API looks at. */
export interface AdminSubject {
  /** Connections. */
  readonly registry: Registry;
  /** How far the server is. */
  readonly state: DrainState;
  /** How late the event loop is. */
  readonly delay: LoopDelay;
  /** How many descriptors are open. */
  readonly descriptors: DescriptorMeter;
}

/** Answers what the admin API is asked. */
export class AdminView {
  readonly #subject: AdminSubject;
  readonly #startedAt = Date.now() - performance.now();

  /**
   * Creates it.
   *
   * @param subject What it looks at.
   */
  constructor(subject: AdminSubject) {
    this.#subject = subject;
  }

  /** The program as a whole. */
  get status(): Status {
    const { descriptors, registry } = this.#subject;
    const { rss, heapUsed } = Deno.memoryUsage();
    return {
      version: project.version,
      startedAt: new Date(this.#startedAt).toISOString(),
      uptimeMs: Math.round(Date.now() - this.#startedAt),
      listeners: registry.listeners
        .filter(({ open, uses }) => uses > 0 || open > 0)
        .map(({ name, kind, isPublic, open }) => ({
          ...{ name, kind, isPublic, open },
        })),
      memory: { rss, heap: heapUsed },
      descriptors: { open: descriptors.open, limit: descriptors.limit },
      ...this.changing,
    };
  }

  /** What changes of that. */
  get changing(): Pick<
    Status,
    "open" | "total" | "sent" | "received" | "draining" | "eventLoopDelayMs"
  > {
    const { delay, registry } = this.#subject;
    const { open, total, sent, received } = registry.totals;
    const draining = this.drain ?? false;
    const eventLoopDelayMs = Math.round(delay.worst * 10) / 10;
    return { open, total, sent, received, draining, eventLoopDelayMs };
  }

  /** The drain that is under way. */
  get drain(): Drain | undefined {
    const { registry, state } = this.#subject;
    const { until } = state;
    if (until === undefined) return undefined;
    return {
      until: until === null ? null : new Date(until).toISOString(),
      open: registry.size,
    };
  }

  /** Connections that are open, the oldest first. */
  get tunnels(): Tunnel[] {
    const now = Date.now();
    const tunnels: Tunnel[] = [];
    for (const [listener, live] of this.#subject.registry.open) {
      if (tunnels.length === MOST_TUNNELS) break;
      tunnels.push(tunnelOf(listener, live, now));
    }
    return tunnels;
  }

  /** Why connections were refused or failed, the most frequent first. */
  get refusals(): RefusalCount[] {
    const counts = new Map<string, number>();
    for (const { refusals } of this.#subject.registry.listeners) {
      for (const [reason, count] of refusals) {
        counts.set(reason, (counts.get(reason) ?? 0) + count);
      }
    }
    return [...counts]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count);
  }

  /** The pools of relays. */
  get pools(): PoolStatus[] {
    return this.#subject.registry.upstreams.map(({ listener, upstream }) => {
      const { figures } = upstream.pool;
      return {
        upstream: upstream.name,
        listener,
        isUp: upstream.health.isUp,
        ...figures,
        evicted: { ...figures.evicted },
        connections: upstream.connections,
      };
    });
  }

  /** Bans in force, the one with the longest to go first. */
  get bans(): BanStatus[] {
    const now = Date.now();
    const { bans } = this.#subject.registry;
    return [
      ...bans.flatMap((one) => one.list()).map(banOf("client", now)),
      ...bans.flatMap((one) => one.attacked()).map(banOf("user", now)),
    ].sort((a, b) => b.until.localeCompare(a.until));
  }

  /**
   * Lists connections that have ended.
   *
   * @param since Only those that ended after so many others had.
   * @returns The oldest first.
   */
  closed(since = 0): ClosedTunnel[] {
    return this.#subject.registry.closed(since).map(closedOf);
  }
}

/**
 * Describes a connection that is open.
 *
 * @param listener Where it came in.
 * @param live The connection.
 * @param now Milliseconds since 1970.
 * @returns The description.
 */
export function tunnelOf(
  listener: ListenerWatch,
  live: LiveConnection,
  now: number,
): Tunnel {
  const { record } = live.session;
  const { sent, received } = live.carried;
  return {
    id: live.id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    ...knownOf(record),
    state: live.state,
    startedAt: new Date(record.startedAt).toISOString(),
    ageMs: Math.max(0, now - record.startedAt),
    sent,
    received,
  };
}

function closedOf(ended: EndedConnection): ClosedTunnel {
  const { endedAt, id, listener, received, record, sent } = ended;
  const { endedFirst, reason, result } = record;
  return {
    id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    ...knownOf(record),
    state: "closing",
    startedAt: new Date(record.startedAt).toISOString(),
    ageMs: Math.round(record.duration),
    sent,
    received,
    endedAt: new Date(endedAt).toISOString(),
    result,
    reason,
    ...(endedFirst === undefined ? {} : { endedFirst }),
  };
}

function knownOf(
  { user, target, address, via, rule }: EndedConnection["record"],
): Pick<Tunnel, "user" | "target" | "address" | "via" | "rule"> {
  return {
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(address === undefined ? {} : { address }),
    ...(via === undefined ? {} : { via }),
    ...(rule === undefined ? {} : { rule }),
  };
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
