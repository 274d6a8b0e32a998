/**
 * Limits how many bytes each user may transfer per day.
 *
 * @module
 */

import { formatBytes } from "../../observe/format_bytes.ts";
import { LocalLedger, type QuotaLedger } from "./quota_ledger.ts";
import { Refusal } from "./refusal.ts";

const DAY = 86_400_000;

/** Options for {@linkcode DailyQuota}. */
export interface DailyQuotaOptions {
  /** IANA name of the day's time zone (default `UTC`). */
  zone?: string | undefined;
  /** Returns the time in milliseconds since 1970 (default `Date.now`). */
  now?: () => number;
  /** Keeper of the counts (default: this thread alone). */
  ledger?: QuotaLedger | undefined;
}

/** The counts of a day, ready for JSON. */
export interface QuotaState {
  /** The day in the quota's zone, `YYYY-MM-DD`. */
  day: string;
  /** Bytes of that day, by user. */
  bytes: Record<string, number>;
}

/**
 * Counts bytes by user and day. It has one entry for each authenticated user of
 * the day.
 */
export class DailyQuota {
  readonly #most: number;
  readonly #zone: string;
  readonly #now: () => number;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #ledger: QuotaLedger;
  #day: string;

  /**
   * Creates a quota without any bytes counted.
   *
   * @param most Bytes per user and day, both directions together.
   * @param options Time zone, clock and ledger.
   * @throws {RangeError} If the time zone is unknown.
   */
  constructor(most: number, options: DailyQuotaOptions = {}) {
    const { zone = "UTC", now = Date.now } = options;
    this.#most = most;
    this.#zone = zone;
    this.#now = now;
    this.#format = zone === "UTC" ? undefined : dayFormat(zone);
    this.#day = this.#dayAt(now());
    this.#ledger = options.ledger ?? new LocalLedger();
    this.#ledger.limit(most);
  }

  /** Grows with every change; compare two values to detect changes. */
  get revision(): number {
    return this.#ledger.revision;
  }

  /** The counts of today. */
  get state(): QuotaState {
    this.#turnPage();
    return { day: this.#day, bytes: this.#ledger.all(this.#day) };
  }

  /**
   * Continues with earlier counts.
   *
   * @param state The counts; those of another day are ignored.
   */
  restore(state: QuotaState): void {
    if (!this.#isCurrent(state.day)) return;
    this.#day = state.day;
    for (const [user, bytes] of Object.entries(state.bytes)) {
      if (bytes > 0) this.#ledger.restore(this.#day, user, bytes);
    }
  }

  /**
   * Counts bytes.
   *
   * @param user User who transferred them.
   * @param bytes Number of bytes.
   */
  add(user: string, bytes: number): void {
    if (bytes <= 0) return;
    this.#turnPage();
    this.#ledger.add(this.#day, user, bytes);
  }

  /**
   * Checks whether a user may transfer more.
   *
   * @returns The refusal; `undefined` if some of the quota is left.
   */
  refusal(user: string): Refusal | undefined {
    this.#turnPage();
    if (this.#ledger.read(this.#day, user) < this.#most) return undefined;
    const size = formatBytes(this.#most);
    return new Refusal(
      "limit reached",
      `The daily quota of ${size} for ${user} is used up until 00:00 ${this.#zone}`,
      { limit: "quota" },
    );
  }

  #turnPage(): void {
    if (this.#isCurrent(this.#day)) return;
    this.#day = this.#dayAt(this.#now());
    this.#ledger.turn(this.#day);
  }

  /**
   * Accepts tomorrow too: if the clock goes back over midnight, nobody gets a
   * second quota.
   */
  #isCurrent(day: string): boolean {
    const now = this.#now();
    return day === this.#dayAt(now) || day === this.#dayAt(now + DAY);
  }

  #dayAt(time: number): string {
    const date = new Date(time);
    return this.#format?.format(date) ?? date.toISOString().slice(0, 10);
  }
}

/** Swedish dates have the form of ISO 8601. */
function dayFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
}
