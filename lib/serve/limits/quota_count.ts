/**
 * The count of a daily quota, which continues when the quota changes.
 *
 * @module
 */

import type { LogEvent } from "../../observe/log_event.ts";
import type { DailyQuota } from "../../policy/limits/daily_quota.ts";
import {
  FLEET_LEDGER_TABLE,
  FleetLedger,
} from "../../policy/limits/fleet_ledger.ts";
import {
  LocalLedger,
  type QuotaLedger,
} from "../../policy/limits/quota_ledger.ts";
import {
  LEDGER_TABLE,
  SharedLedger,
} from "../../policy/limits/shared_ledger.ts";
import { once } from "../../sync/once.ts";
import { openQuotaFile, type QuotaFile } from "./quota_file.ts";
import type { Share } from "../worker_share.ts";

/** Name of the table of a quota, which a fleet looks for. */
export const QUOTA_TABLE = "quota";

/** Options for {@linkcode QuotaCount}. */
export interface QuotaCountOptions {
  /** File that keeps it over a restart (default none). */
  path: string | undefined;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Shared counters of threads (default: this thread counts alone). */
  share?: Share | undefined;
}

/** The count and its file, which is read once and then kept up to date. */
export class QuotaCount {
  /** What keeps the count. */
  readonly ledger: QuotaLedger;
  readonly #options: QuotaCountOptions;
  #file: Promise<QuotaFile> | undefined;
  #isCounted: boolean;
  #leases = 0;

  /**
   * Creates a count.
   *
   * @param options Where it is kept.
   */
  constructor(options: QuotaCountOptions) {
    const { fleet, table } = options.share ?? {};
    const given = table?.(
      QUOTA_TABLE,
      fleet === undefined ? LEDGER_TABLE : FLEET_LEDGER_TABLE,
    );
    this.ledger = given === undefined
      ? new LocalLedger()
      : fleet === undefined
      ? new SharedLedger(given.table)
      : new FleetLedger(given.table, () => fleet.hurry());
    this.#options = options;
    // A file read by another thread is not read again.
    this.#isCounted = given?.isNew === false;
  }

  /**
   * Keeps the file up to date while a quota is in force.
   *
   * @param quota The quota, which uses this count.
   * @returns Ends that; the last one saves the file once more. Can be repeated.
   * @throws {StartError} If the file can't be read or written.
   */
  async lease(quota: DailyQuota): Promise<() => Promise<void>> {
    const { log, path, share } = this.#options;
    // One thread saves the count of all.
    if (path === undefined || (share?.index ?? 0) > 0) return async () => {};
    this.#leases++;
    try {
      this.#file ??= openQuotaFile(path, quota, log, this.#isCounted);
      await this.#file;
    } catch (error) {
      this.#leases--;
      this.#file = undefined;
      throw error;
    }
    this.#isCounted = true;
    return once(async () => {
      if (--this.#leases > 0) return;
      const file = this.#file;
      this.#file = undefined;
      await share?.othersEnded();
      await (await file)?.close();
    });
  }
}
