/**
 * Keeps limits and their counts when other settings change.
 *
 * @module
 */

import type { LogEvent } from "../../observe/log_event.ts";
import { once } from "../../sync/once.ts";
import type { LimitConfig } from "../options/limits.ts";
import { type OpenLimits, openLimits } from "./open.ts";
import { QuotaCount } from "./quota_count.ts";
import type { ServerHost } from "../server_host.ts";

/** Options for {@linkcode keepLimits}. */
export interface KeepLimitsOptions {
  /** Whether clients authenticate. */
  hasUsers: boolean;
  /** The program that keeps the limits. */
  host: ServerHost;
  /** Receives log events. */
  log: (event: LogEvent) => void;
}

/**
 * Creates limits, or reuses the earlier ones if their settings are the same.
 *
 * @returns The limits; they close when all their users have closed them.
 * @throws {UsageError} If they conflict; see {@linkcode openLimits}.
 * @throws {StartError} If the file can't be read or written.
 */
export async function keepLimits(
  config: LimitConfig,
  { hasUsers, host, log }: KeepLimitsOptions,
): Promise<OpenLimits> {
  // A trial counts nothing, and the file belongs to the running server.
  if (host.isTrial) return await openLimits(config, hasUsers);
  const count = countOf(config, host, log);
  const shared = host.keep(
    "limits",
    { ...config, hasUsers },
    (share) => new KeptLimits(openLimits(config, hasUsers, { share, count })),
  );
  return await shared.lease();
}

/** A changed quota continues the earlier count. */
function countOf(
  { quotaFile: path, quotaPerUser, quotaZone }: LimitConfig,
  host: ServerHost,
  log: (event: LogEvent) => void,
): QuotaCount | undefined {
  if (quotaPerUser === 0) return undefined;
  return host.keep(
    "quota",
    { path, quotaZone },
    (share) => new QuotaCount({ path, log, share }),
  );
}

class KeptLimits {
  readonly #limits: Promise<OpenLimits>;
  #leases = 0;

  constructor(limits: Promise<OpenLimits>) {
    this.#limits = limits;
  }

  async lease(): Promise<OpenLimits> {
    const limits = await this.#limits;
    this.#leases++;
    const close = once(async () => {
      if (--this.#leases === 0) await limits.close();
    });
    return { usage: limits.usage, close };
  }
}
