/**
 * Counting what users carry against their daily quota, without a thought for
 * each chunk: all connections are looked at once a second.
 *
 * @module
 */

import type { DailyQuota } from "../../policy/limits/daily_quota.ts";
import type { Refusal } from "../../policy/limits/refusal.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";

/** Milliseconds between two looks: an open tunnel outlives its quota that long. */
const LOOK = 1_000;

/** The connections of users that have a quota. */
export class QuotaMeter {
  readonly #quota: DailyQuota;
  readonly #readings = new Set<QuotaReading>();
  #look: Deadline | undefined;

  /**
   * Creates a meter.
   *
   * @param quota What counts.
   */
  constructor(quota: DailyQuota) {
    this.#quota = quota;
  }

  /**
   * Refuses a user whose quota was used up when last looked.
   *
   * @throws {Refusal} `limit reached`.
   */
  check(user: string): void {
    const refusal = this.#quota.refusal(user);
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Begins to count what a connection carries.
   *
   * @param carried Tells how many bytes it has carried, both ways together.
   * @param cut Called once, when the quota is used up. It must not throw.
   * @returns Ends it, with the last bytes counted.
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
    this.#look = setDeadline(LOOK, () => this.#lookAtAll());
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
  /** Bytes that the quota knows of. */
  counted: number;
}
