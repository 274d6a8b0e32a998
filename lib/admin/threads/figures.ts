/**
 * The figures of one thread that accepts connections, as plain values that a
 * message can carry.
 *
 * @module
 */

import type { TimedName } from "../../serve/live_connection.ts";
import type { ListenerWatch } from "../../serve/listener_watch.ts";
import type { Registry } from "../../serve/registry.ts";
import type { TimeCounts } from "../../observe/time_classes.ts";
import type { PoolStatus, Status, Tunnel } from "../api.ts";

/**
 * A UDP association has its relay socket, and at least one socket to targets.
 */
const PER_ASSOCIATION = 2;

/** Figures of one listener. */
export interface ListenerFigures {
  /** `HOST:PORT` or `unix:PATH`. */
  name: string;
  /** The kind of server. */
  kind: Tunnel["kind"];
  /** Whether other machines can reach it. */
  isPublic: boolean;
  /**
   * Number of open listeners of this name: 0 if it was removed, several if they
   * share it.
   */
  uses: number;
  /** Connections that are open. */
  open: number;
  /** Accepted connections. */
  total: number;
  /** Connections lost because their thread ended. */
  lost: number;
  /** Bytes to targets, including open connections. */
  sent: number;
  /** Bytes from targets, including open connections. */
  received: number;
  /** Datagrams, including open associations. */
  datagrams: { sent: number; received: number; dropped: number };
  /** UDP associations that are open. */
  associations: number;
  /** Ended connections, by protocol and result. */
  connections: { protocol: string; result: string; count: number }[];
  /** Ended HTTP requests, by result. */
  requests: Record<string, number>;
  /** Refused or failed connections and requests, by reason. */
  refusals: Record<string, number>;
  /** Connections and requests that report mode let through, by reason. */
  wouldDeny: Record<string, number>;
}

/** Resources of a thread that is not the program's first. */
export interface ThreadLoad {
  /** Bytes of its heap in use. */
  heap: number;
  /** Longest recent delay of its event loop, in milliseconds. */
  loopDelay: number;
}

/** Figures of one thread, or the sum of several. */
export interface ThreadFigures {
  /** Listeners, in the order in which they opened. */
  listeners: ListenerFigures[];
  /** Upstreams of relays and their pools. */
  upstreams: PoolStatus[];
  /** Clients that are banned. */
  bans: number;
  /** User names that are under attack. */
  attacked: number;
  /** Approximate number of descriptors that connections use. */
  descriptors: number;
  /** Times of successful operations. */
  times: Partial<Record<TimedName, TimeCounts>>;
  /** Its resources, if it is not the program's first thread. */
  load?: ThreadLoad;
}

/** Sums over all listeners. */
export type FigureTotals = Pick<
  Status,
  "open" | "total" | "sent" | "received"
>;

/**
 * Adds up all listeners.
 *
 * @param figures The figures to add up.
 */
export function totalsOf({ listeners }: ThreadFigures): FigureTotals {
  const sum = { open: 0, total: 0, sent: 0, received: 0 };
  for (const { open, received, sent, total } of listeners) {
    sum.open += open;
    sum.total += total;
    sum.sent += sent;
    sum.received += received;
  }
  return sum;
}

/**
 * Reads the figures of a registry; it visits each open connection once.
 *
 * @param times Times of successful operations.
 */
export function figuresOf(
  registry: Registry,
  times: ThreadFigures["times"],
): ThreadFigures {
  const { bans } = registry;
  const byWatch = new Map(
    registry.listeners.map((watch) => [watch, endedOf(watch)]),
  );
  const upstreams = registry.upstreams.map(poolOf);
  let descriptors = upstreams.reduce((sum, { idle }) => sum + idle, 0);
  for (const [watch, live] of registry.open) {
    const listener = byWatch.get(watch)!;
    const { sent, received } = live.carried;
    listener.sent += sent;
    listener.received += received;
    descriptors++;
    const { datagrams } = live.session.record;
    if (datagrams !== undefined) {
      descriptors += PER_ASSOCIATION;
      listener.associations++;
      listener.datagrams.sent += datagrams.sent;
      listener.datagrams.received += datagrams.received;
      listener.datagrams.dropped += datagrams.dropped;
    } else if (live.state !== "handshake" && live.state !== "connecting") {
      descriptors++;
    }
  }
  return {
    listeners: [...byWatch.values()],
    upstreams,
    bans: bans.reduce((sum, { active }) => sum + active.clients, 0),
    attacked: bans.reduce((sum, { active }) => sum + active.users, 0),
    descriptors,
    times,
  };
}

/** Returns the figures without open connections. */
function endedOf(watch: ListenerWatch): ListenerFigures {
  const { isPublic, kind, name, open, total, uses } = watch;
  return {
    ...{ name, kind, isPublic, uses, open, total },
    lost: 0,
    ...watch.ended,
    datagrams: { ...watch.datagrams },
    associations: 0,
    connections: Array.from(watch.connections.values(), (one) => ({ ...one })),
    requests: Object.fromEntries(watch.requests),
    refusals: Object.fromEntries(watch.refusals),
    wouldDeny: Object.fromEntries(watch.wouldDeny),
  };
}

function poolOf(
  { listener, upstream }: Registry["upstreams"][number],
): PoolStatus {
  const { figures } = upstream.pool;
  return {
    upstream: upstream.name,
    listener,
    isUp: upstream.health.isUp,
    ...figures,
    evicted: { ...figures.evicted },
    connections: upstream.connections,
  };
}
