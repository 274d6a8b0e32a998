/**
 * Counts users' bytes against their daily quota without work for each chunk:
 * all connections are checked once a second.
 *
 * @module
 */

import type { DailyQuota } from "../../policy/limits/daily_quota.ts";
import type { Refusal } from "../../policy/limits/refusal.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";

/**
 * Milliseconds between checks: an open tunnel may exceed its quota for so long.
 */
const LOOK = 1_000;

/** Meters the connections of users with a quota. */
export class QuotaMeter {
  readonly #quota: DailyQuota;
  readonly #readings = new Set<QuotaReading>();
  readonly #interval: number;
  #look: Deadline | undefined;

  /**
   * Creates a meter.
   *
   * @param interval Milliseconds between checks (default 1 s).
   */
  constructor(quota: DailyQuota, interval = LOOK) {
    this.#quota = quota;
    this.#interval = interval;
  }

  /**
   * Refuses a user whose quota was used up at the last check.
   *
   * @throws {Refusal} `limit reached`.
   */
  check(user: string): void {
    const refusal = this.#quota.refusal(user);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Starts to count the bytes of a connection.
   *
   * @param carried Returns the bytes carried so far, both ways together.
   * @param cut Called once, when the quota is used up. It must not throw.
   * @returns Stops, after counting the last bytes.
   */
  watch(
    user: string,
    carried: () => number,
    cut: (refusal: Refusal) => void,
  ): () => void {
    const reading = { user, carried, cut, counted: carried() };
    this.#readings.add(reading);
    if (this.#readings.size === 1) this.#lookLater();
    return () => {
      if (!this.#readings.delete(reading)) return;
      this.#take(reading);
      if (this.#readings.size === 0) this.#look?.clear();
    };
  }

  #lookLater(): void {
    this.#look = setDeadline(this.#interval, () => this.#lookAtAll());
  }

  #lookAtAll(): void {
    for (const reading of this.#readings) this.#take(reading);
    for (const { user, cut } of this.#readings) {
      const refusal = this.#quota.refusal(user);
      if (refusal !== undefined) cut(refusal);
    }
    if (this.#readings.size > 0) this.#lookLater();
  }

  #take(reading: QuotaReading): void {
    const carried = reading.carried();
    this.#quota.add(reading.user, carried - reading.counted);
    reading.counted = carried;
  }
}

interface QuotaReading {
  readonly user: string;
  readonly carried: () => number;
  readonly cut: (refusal: Refusal) => void;
  /** Bytes already counted. */
  counted: number;
}
