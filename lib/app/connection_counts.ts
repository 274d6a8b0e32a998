/**
 * Counting connections, in one thread or in several.
 *
 * @module
 */

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
