/**
 * Counting connections, in one thread or in several.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import {
  ConnectionLimits,
  type ConnectionLimitsOptions,
} from "../policy/connection_limits.ts";
import {
  connectionTable,
  OFFERS_TABLE,
  SharedConnectionLimits,
} from "../policy/shared_connection_limits.ts";
import { connectionCapacity, descriptorsOfThreads } from "./descriptors.ts";
import {
  BIND_HEAP,
  describePlan,
  keepBuffersTo,
  memoryPlan,
} from "./memory_plan.ts";
import type { ServerHost } from "./server_host.ts";
import type { Share, ThreadInfo } from "./worker_share.ts";

/** What the table of clients' connections is called: who has died is asked. */
export const CONNECTION_TABLE = "connections-per-client";

/**
 * Makes limits of connections.
 *
 * @param most How many in all.
 * @param options What is counted, and whose.
 * @param share Where threads count together (default: this one alone does).
 * @returns The limits.
 */
export function connectionLimits(
  most: number,
  options: ConnectionLimitsOptions,
  share: Share | undefined,
): ConnectionLimits {
  if (share === undefined) return new ConnectionLimits(most, options);
  const { what = "connections", per = "client" } = options;
  const shape = connectionTable(most, per);
  const { table } = share.table(`${what}-per-${per}`, shape);
  const offers = share.table(`${what}-offers-per-${per}`, OFFERS_TABLE).table;
  const where = { table, offers, threads: share.count };
  return new SharedConnectionLimits(most, where, options);
}

/** Connections at once where nothing else is said or known. */
export const MOST_CONNECTIONS = 20_000;

/** Options for {@linkcode mostConnections}. */
export interface MostConnectionsOptions {
  /** The program that the server runs in. */
  host: ServerHost;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
  /** How many the descriptors have room for. */
  descriptors: number;
}

/**
 * Tells how many connections a server takes at once, and keeps the buffers to
 * what the memory carries.
 *
 * @param given How many were asked for (default 20,000, or as many as the limit
 *   of the memory carries).
 * @param options What limits them.
 * @returns How many, 1 or more.
 */
export function mostConnections(
  given: number | undefined,
  { descriptors, host, log }: MostConnectionsOptions,
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
      ? [`--max-connections ${most} lets in more than that`]
      : most < MOST_CONNECTIONS
      ? [`no more than ${most} are let in at once`]
      : [],
    ...plan.isAtRisk ? [BIND_HEAP] : [],
  ].join("; ");
  const level = most > carried || plan.isAtRisk ? "warning" : "info";
  log({ event: "message", level, message });
  return most;
}

/**
 * Tells how many connections fit, of all threads together.
 *
 * @param thread One of several (default: there is one alone).
 * @param besides Descriptors that are used for something else (default 0).
 * @returns How many, 1 or more.
 */
export function threadCapacity(
  thread: ThreadInfo | undefined,
  besides = 0,
): number {
  const ofThreads = descriptorsOfThreads(thread?.count ?? 1);
  return connectionCapacity(2, besides + ofThreads);
}
