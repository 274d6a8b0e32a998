/**
 * Counts connections, in one thread or several.
 *
 * @module
 */

import {
  ConnectionLimits,
  type ConnectionLimitsOptions,
} from "../../policy/limits/connection_limits.ts";
import {
  connectionTable,
  OFFERS_TABLE,
  SharedConnectionLimits,
} from "../../policy/limits/shared_connection_limits.ts";
import type { Share } from "../worker_share.ts";

/** Name of the table of clients' connections, read when a thread has died. */
export const CONNECTION_TABLE = "connections-per-client";

/**
 * Makes limits of connections.
 *
 * @param most How many in all.
 * @param options What is counted, and whose.
 * @param share Shared counters of threads (default: this thread counts alone).
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
