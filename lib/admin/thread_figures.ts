/**
 * What one thread that takes connections adds up to, as plain values that a
 * message can carry.
 *
 * @module
 */

import type { TimedName } from "../serve/live_connection.ts";
import type { ListenerWatch } from "../serve/listener_watch.ts";
import type { Registry } from "../serve/registry.ts";
import type { TimeCounts } from "../observe/time_classes.ts";
import type { PoolStatus, Status, Tunnel } from "./api.ts";

/** A UDP association has its relay socket, and one to targets at least. */
const PER_ASSOCIATION = 2;

/** What the connections of one listener add up to. */
export interface ListenerFigures {
  /** `HOST:PORT` or `unix:PATH`. */
  name: string;
  /** What it is for. */
  kind: Tunnel["kind"];
  /** Whether others than this machine can reach it. */
  isPublic: boolean;
  /** How many listen there: none any more, or several that share it. */
  uses: number;
  /** Connections that are open. */
  open: number;
  /** Connections that have come. */
  total: number;
  /** Connections that have ended with the thread that they were in. */
  lost: number;
  /** Bytes to targets, those of open connections included. */
  sent: number;
  /** Bytes from targets, those of open connections included. */
  received: number;
  /** Datagrams, those of open associations included. */
  datagrams: { sent: number; received: number; dropped: number };
  /** UDP associations that are open. */
  associations: number;
  /** How connections have ended. */
  connections: { protocol: string; result: string; count: number }[];
  /** How HTTP requests have ended, by result. */
  requests: Record<string, number>;
  /** Why connections and requests were refused or failed. */
  refusals: Record<string, number>;
  /** Why connections and requests would have been refused. */
  wouldDeny: Record<string, number>;
}

/** What a thread uses of the program, where it is not the first. */
export interface ThreadLoad {
  /** Bytes of its heap in use. */
  heap: number;
  /** Milliseconds that its event loop was late at most, lately. */
  loopDelay: number;
}

/** What one thread adds up to, or several together. */
export interface ThreadFigures {
  /** In the order in which they came. */
  listeners: ListenerFigures[];
  /** Upstreams of relays and their pools. */
  upstreams: PoolStatus[];
  /** Clients that are banned. */
  bans: number;
  /** User names that are under attack. */
  attacked: number;
  /** Descriptors that connections hold, about. */
  descriptors: number;
  /** How long things took that succeeded. */
  times: Partial<Record<TimedName, TimeCounts>>;
  /** What it uses, where it is a thread of its own. */
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
 * @param figures What there is.
 * @returns The sums.
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
 * Reads what a registry adds up to: it looks at each open connection once.
 *
 * @param registry The registry.
 * @param times How long things took.
 * @returns What it adds up to.
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
      listener.datagrams = addDatagrams(listener.datagrams, datagrams);
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

/**
 * Adds up datagrams.
 *
 * @param one Some.
 * @param other Others.
 * @returns The sums.
 */
export function addDatagrams(
  one: ListenerFigures["datagrams"],
  other: ListenerFigures["datagrams"],
): ListenerFigures["datagrams"] {
  return {
    sent: one.sent + other.sent,
    received: one.received + other.received,
    dropped: one.dropped + other.dropped,
  };
}

/** Without what is open. */
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
