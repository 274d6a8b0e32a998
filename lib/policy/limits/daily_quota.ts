/**
 * How many bytes each user may carry in a day.
 *
 * @module
 */

import { formatBytes } from "../../observe/log_text.ts";
import { LocalLedger, type QuotaLedger } from "./quota_ledger.ts";
import { Refusal } from "./refusal.ts";

const DAY = 86_400_000;

/** Options for {@linkcode DailyQuota}. */
export interface DailyQuotaOptions {
  /** Time zone of the day by its IANA name (default `UTC`). */
  zone?: string | undefined;
  /** Tells the time in milliseconds since 1970 (default `Date.now`). */
  now?: () => number;
  /** What keeps the count (default: nobody else has it). */
  ledger?: QuotaLedger | undefined;
}

/** What has been counted, fit for JSON. */
export interface QuotaState {
  /** The day in the quota's zone, `YYYY-MM-DD`. */
  day: string;
  /** Bytes of that day by user. */
  bytes: Record<string, number>;
}

/**
 * Counts bytes by user and day. There are as many entries as users that have
 * proved who they are that day.
 */
export class DailyQuota {
  readonly #most: number;
  readonly #zone: string;
  readonly #now: () => number;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #ledger: QuotaLedger;
  #day: string;

  /**
   * Creates a quota that nobody has used.
   *
   * @param most Bytes for each user and day, both ways together.
   * @param options Time zone and clock.
   * @throws {RangeError} If there is no such time zone.
   */
  constructor(most: number, options: DailyQuotaOptions = {}) {
    const { zone = "UTC", now = Date.now } = options;
    this.#most = most;
    this.#zone = zone;
    this.#now = now;
    this.#format = zone === "UTC" ? undefined : dayFormat(zone);
    this.#day = this.#dayAt(now());
    this.#ledger = options.ledger ?? new LocalLedger();
  }

  /** Grows with every change, so that one can tell whether there was any. */
  get revision(): number {
    return this.#ledger.revision;
  }

  /** What has been counted today. */
  get state(): QuotaState {
    this.#turnPage();
    return { day: this.#day, bytes: this.#ledger.all(this.#day) };
  }

  /**
   * Goes on from what was counted before.
   *
   * @param state The count; that of another day is over and has no effect.
   */
  restore(state: QuotaState): void {
    if (!this.#isCurrent(state.day)) return;
    this.#day = state.day;
    for (const [user, bytes] of Object.entries(state.bytes)) {
      this.add(user, bytes);
    }
  }

  /**
   * Counts bytes.
   *
   * @param user Who has carried them.
   * @param bytes How many.
   */
  add(user: string, bytes: number): void {
    if (bytes <= 0) return;
    this.#turnPage();
    this.#ledger.add(this.#day, user, bytes);
  }

  /**
   * Tells whether a user may carry more.
   *
   * @returns What to refuse it for; `undefined` where something is left.
   */
  refusal(user: string): Refusal | undefined {
    this.#turnPage();
    if (this.#ledger.read(this.#day, user) < this.#most) return undefined;
    const size = formatBytes(this.#most);
    return new Refusal(
      "limit reached",
      `Daily quota of ${size} of ${user} is used up until 00:00 ${this.#zone}`,
      { limit: "quota" },
    );
  }

  #turnPage(): void {
    if (this.#isCurrent(this.#day)) return;
    this.#day = this.#dayAt(this.#now());
    this.#ledger.turn(this.#day);
  }

  /** A clock that was set back over midnight gives nobody a second quota. */
  #isCurrent(day: string): boolean {
    const now = this.#now();
    return day === this.#dayAt(now) || day === this.#dayAt(now + DAY);
  }

  #dayAt(time: number): string {
    const date = new Date(time);
    return this.#format?.format(date) ?? date.toISOString().slice(0, 10);
  }
}

/** Swedes write dates as ISO 8601 does. */
function dayFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
}
