/**
 * How many connections a server takes in, by what was asked for and what the
 * descriptors and the memory of the machine carry.
 *
 * @module
 */

import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import {
  type ConnectionLimits,
  MOST_REFUSED,
} from "../../policy/limits/connection_limits.ts";
import { connectionLimits } from "./connection_counts.ts";
import {
  connectionCapacity,
  descriptorsOfThreads,
} from "../../net/system/descriptors.ts";
import {
  BIND_HEAP,
  describePlan,
  keepBuffersTo,
  memoryPlan,
} from "./memory_plan.ts";
import { ALONE, type ServerHost } from "../server_host.ts";
import type { StartListenersOptions } from "../start_listeners.ts";

/** Default limit of simultaneous connections. */
export const MOST_CONNECTIONS = 20_000;

/** Default limit for one client on another machine. */
const MOST_PER_CLIENT = 1_000;

/** Settings that every server has. */
export interface ServerConfig {
  /** Connections at once (default 20,000, or what the memory carries). */
  maxConnections?: number | undefined;
  /**
   * Connections at once from one client; 0 is no limit (default 1,000, and 0 on
   * a listener that only this machine can reach).
   */
  maxConnectionsPerClient?: number | undefined;
  /** Connections that may wait for each listener (default 4,096). */
  backlog?: number | undefined;
  /** The program that it runs in (default: one of its own). */
  host?: ServerHost;
  /** Receives log events (default: the program's log). */
  log?: (event: LogEvent) => void;
}

/** Options for {@linkcode openPlaces}. */
export interface PlacesOptions {
  /** Descriptors of a connection (default 2: a client and its target). */
  perConnection?: number;
  /** Descriptors that are used for something else (default 0). */
  besides?: number;
  /**
   * Whether connections beyond the limit are accepted and refused (default
   * false: they wait in the backlog).
   */
  tellsRefused?: boolean;
}

/** The places for connections of a server. */
export interface Places {
  /** Counts those that are taken. */
  readonly limits: ConnectionLimits;
  /** What listeners need to keep to them. */
  readonly listening: Pick<
    StartListenersOptions,
    "backlog" | "host" | "log" | "makeRoom" | "slots"
  >;
  /**
   * Tells how many one client may take.
   *
   * @param isPublic Whether others than this machine can reach the listener.
   * @returns How many; 0 is no limit.
   */
  perClient(isPublic: boolean): number;
}

/**
 * Opens the places of a server, and keeps the buffers to what the memory
 * carries.
 *
 * @param config The configured limits.
 * @param options What its connections need.
 */
export function openPlaces(
  config: ServerConfig,
  { besides = 0, perConnection, tellsRefused = false }: PlacesOptions = {},
): Places {
  const { backlog, host = ALONE, log = host.log } = config;
  const ofThreads = descriptorsOfThreads(host.thread?.count ?? 1);
  const capacity = connectionCapacity(perConnection, besides + ofThreads);
  const most = mostConnections(config.maxConnections, capacity, { host, log });
  // What a machine carries by itself is no limit of its fleet.
  const mostOfFleet = config.maxConnections ?? 0;
  const limits = host.keep(
    "connections",
    [most, mostOfFleet],
    (share) => connectionLimits(most, { mostOfFleet }, share),
  );
  const slots = tellsRefused ? Math.min(most + MOST_REFUSED, capacity) : most;
  return {
    limits,
    listening: { slots, makeRoom: () => limits.makeRoom(), log, host, backlog },
    perClient: (isPublic) =>
      config.maxConnectionsPerClient ?? (isPublic ? MOST_PER_CLIENT : 0),
  };
}

/** Tells how many come in at once, and keeps the buffers to the memory. */
function mostConnections(
  given: number | undefined,
  descriptors: number,
  { host, log }: Required<Pick<ServerConfig, "host" | "log">>,
): number {
  const { isTrial, peers = 1, thread } = host;
  const plan = memoryPlan({ threads: thread?.count });
  if (plan === undefined) {
    return Math.min(given ?? MOST_CONNECTIONS, descriptors);
  }
  const carried = Math.max(1, Math.floor(plan.connections / peers));
  const most = Math.min(
    given ?? Math.min(MOST_CONNECTIONS, carried),
    descriptors,
  );
  if (isTrial) return most;
  keepBuffersTo(plan, thread?.count);
  if ((thread?.index ?? 0) > 0) return most;
  const message = [
    `${describePlan(plan)}${
      peers === 1 ? "" : `, shared by ${peers} listeners`
    }`,
    ...most > carried
      ? [`--max-connections ${most} allows more than that`]
      : most < MOST_CONNECTIONS
      ? [`Sluice accepts ${most} at most`]
      : [],
    ...plan.isAtRisk ? [BIND_HEAP] : [],
  ].join("; ");
  const level = most > carried || plan.isAtRisk ? "warning" : "info";
  log(messageEvent(level, "capacity", message));
  return most;
}
