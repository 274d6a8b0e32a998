/**
 * Opens the configured limits.
 *
 * @module
 */

import { QuotaMeter } from "./quota_meter.ts";
import type { UsageLimits } from "../session_usage.ts";
import {
  ConnectionRate,
  RATE_TABLE,
} from "../../policy/limits/connection_rate.ts";
import { DailyQuota } from "../../policy/limits/daily_quota.ts";
import {
  type BothWays,
  BYTES_TABLE,
  FLEET_BYTES_TABLE,
  RateLimits,
} from "../../policy/limits/rate_limits.ts";
import { connectionLimits } from "./connection_counts.ts";
import type { QuotaCount } from "./quota_count.ts";
import { concerning, UsageError } from "../../cli/usage_error.ts";
import type { LimitConfig } from "../options/limits.ts";
import type { Share } from "../worker_share.ts";

/** Name of the table of rates, which a fleet shares. */
export const BYTES = "bytes";

/**
 * Milliseconds between looks at the counts of a fleet: it takes further ones
 * until all machines know that a quota is used up.
 */
const FLEET_LOOK = 250;

/** Options for {@linkcode openLimits}. */
export interface OpenLimitsOptions {
  /** Shared counters of threads (default: this thread counts alone). */
  share?: Share | undefined;
  /** The count of the quota (default: a new one). */
  count?: QuotaCount | undefined;
}

/** Limits that are in force. */
export interface OpenLimits {
  /** The limits for handlers; `undefined` if none is set. */
  readonly usage: UsageLimits | undefined;
  /** Saves the counts. Can be repeated. */
  close(): Promise<void>;
}

/**
 * Makes limits.
 *
 * @param hasUsers Whether clients authenticate.
 * @param options Where is counted.
 * @returns The limits; to be closed.
 * @throws {UsageError} If users are limited and there are none.
 * @throws {StartError} If the file can't be read or written.
 */
export async function openLimits(
  config: LimitConfig,
  hasUsers: boolean,
  { count, share }: OpenLimitsOptions = {},
): Promise<OpenLimits> {
  if (!hasUsers) requireUsers(config);
  const { connectionRate, connectionsPerUser, quotaPerUser, rates } = config;
  const usage: UsageLimits = {};
  let release: (() => Promise<void>) | undefined;
  if (connectionRate !== undefined) {
    const burst = config.connectionBurst;
    const table = share?.table("rate", RATE_TABLE).table;
    usage.connectionRate = new ConnectionRate(connectionRate, { burst, table });
  }
  if (connectionsPerUser > 0) {
    const limits = connectionLimits(Infinity, { per: "user" }, share);
    usage.ofUser = { limits, most: connectionsPerUser };
  }
  if ([rates.connection, rates.user, rates.total].some(isSet)) {
    const isOfFleet = share?.fleet !== undefined;
    const shape = isOfFleet ? FLEET_BYTES_TABLE : BYTES_TABLE;
    const table = share?.table(BYTES, shape).table;
    usage.rates = new RateLimits(rates, { isOfFleet, table });
  }
  if (quotaPerUser > 0) {
    const { fleet } = share ?? {};
    const quota = new DailyQuota(quotaPerUser, {
      ...{ zone: config.quotaZone, ledger: count?.ledger },
      ...fleet === undefined ? {} : { now: () => fleet.now() },
    });
    usage.quota = new QuotaMeter(quota, fleet && FLEET_LOOK);
    release = await concerning(
      "quota-file",
      async () => await count?.lease(quota),
    );
  }
  return {
    usage: Object.keys(usage).length === 0 ? undefined : usage,
    async close() {
      await release?.();
    },
  };
}

/** A limit without users would only look like one. */
function requireUsers(config: LimitConfig): void {
  const option = config.connectionsPerUser > 0
    ? "max-connections-per-user"
    : isSet(config.rates.user)
    ? "rate-per-user"
    : config.quotaPerUser > 0
    ? "quota-per-user"
    : undefined;
  if (option === undefined) return;
  throw new UsageError(
    "has no effect without users; leave it out, or give the proxy users with --user NAME:PASSWORD",
    { option, others: ["user", "users"] },
  );
}

function isSet({ down, up }: BothWays): boolean {
  return up > 0 || down > 0;
}
