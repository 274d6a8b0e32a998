/**
 * Counts connections: in one thread, in several, or over a fleet.
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
import {
  RationedConnectionLimits,
  type RationSource,
  rationTable,
} from "../../policy/limits/rationed_connection_limits.ts";
import { Rations } from "../../policy/limits/rations.ts";
import { Shortages, SHORTAGES_TABLE } from "../../policy/limits/shortages.ts";
import type { SharedTable } from "../../sync/shared/table.ts";
import type { Share } from "../worker_share.ts";

/** Name of the table of clients' connections, read when a thread has died. */
export const CONNECTION_TABLE = "connections-per-client";

/** Counts that a fleet shares, and what it needs for each of them. */
const RATIONED = [
  "connections-per-client",
  "connections-per-user",
  "associations-per-client",
] as const;

/** Options for {@linkcode connectionLimits}. */
export type CountOptions = ConnectionLimitsOptions & {
  /** Most connections over a fleet; 0 disables this limit (default 0). */
  mostOfFleet?: number;
};

/**
 * Makes limits of connections.
 *
 * @param most Most connections in all, on this machine.
 * @param options What is counted, per client or user, and the fleet limit.
 * @param share Shared counters of threads (default: this thread counts alone).
 */
export function connectionLimits(
  most: number,
  options: CountOptions,
  share: Share | undefined,
): ConnectionLimits {
  if (share === undefined) return new ConnectionLimits(most, options);
  const { fleet } = share;
  const { mostOfFleet = 0, what = "connections", per = "client" } = options;
  const shapeOf = fleet === undefined ? connectionTable : rationTable;
  const name = `${what}-per-${per}`;
  const { table } = share.table(name, shapeOf(most, per));
  const offers = share.table(`${what}-offers-per-${per}`, OFFERS_TABLE).table;
  const where = { table, offers, threads: share.count };
  if (fleet === undefined) {
    return new SharedConnectionLimits(most, where, options);
  }
  const told = share.table(shortagesOf(name), SHORTAGES_TABLE).table;
  const shortages = new Shortages(told);
  const source: RationSource = {
    rations: new Rations(table),
    most: mostOfFleet,
    isOpen: () => fleet.onLoss === "keep" || fleet.isUp,
    tell(key, isWaiting) {
      if (!shortages.add(key, isWaiting)) return false;
      fleet.lack();
      return true;
    },
  };
  return new RationedConnectionLimits(most, where, source, options);
}

/** A count that a fleet shares. */
export interface RationedCount {
  /** Its name, such as `connections-per-user`. */
  readonly name: string;
  /** What this machine has of it. */
  readonly rations: Rations;
  /** What this machine lacks of it. */
  readonly shortages: Shortages;
}

/**
 * Finds counts that a fleet shares.
 *
 * @param tables Tables by name.
 */
export function rationedCounts(
  tables: ReadonlyMap<string, SharedTable>,
): RationedCount[] {
  return RATIONED.flatMap((name) => {
    const table = tables.get(name);
    const told = tables.get(shortagesOf(name));
    if (table === undefined || told === undefined) return [];
    const rations = new Rations(table);
    return { name, rations, shortages: new Shortages(told) };
  });
}

function shortagesOf(name: string): string {
  return `${name}-shortages`;
}
