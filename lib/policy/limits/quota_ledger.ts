/**
 * Keeps the bytes of a day, by user.
 *
 * @module
 */

/** Keeps daily counts. */
export interface QuotaLedger {
  /** Grows with every change. */
  readonly revision: number;
  /**
   * Adds to a user's count.
   *
   * @param day The day, `YYYY-MM-DD`.
   * @param bytes Number of bytes.
   */
  add(day: string, user: string, bytes: number): void;
  /**
   * Continues with a user's earlier count.
   *
   * @param day The day, `YYYY-MM-DD`.
   * @param bytes Number of bytes.
   */
  restore(day: string, user: string, bytes: number): void;
  /**
   * Sets the quota.
   *
   * @param most Bytes per user and day.
   */
  limit(most: number): void;
  /**
   * Reads a user's count.
   *
   * @returns Number of bytes.
   */
  read(day: string, user: string): number;
  /**
   * Reads all counts.
   *
   * @returns Bytes by user.
   */
  all(day: string): Record<string, number>;
  /**
   * Starts a new day and ends the one before.
   *
   * @param day The new day, `YYYY-MM-DD`.
   */
  turn(day: string): void;
}

/** The counts of one thread. */
export class LocalLedger implements QuotaLedger {
  readonly #bytes = new Map<string, number>();
  #day: string | undefined;
  /** Grows with every change. */
  revision = 0;

  /**
   * Adds to a user's count.
   *
   * @param day The current day.
   * @param bytes Number of bytes.
   */
  add(day: string, user: string, bytes: number): void {
    this.#day ??= day;
    this.#bytes.set(user, (this.#bytes.get(user) ?? 0) + bytes);
    this.revision++;
  }

  /**
   * Continues with a user's earlier count.
   *
   * @param day The current day.
   * @param bytes Number of bytes.
   */
  restore(day: string, user: string, bytes: number): void {
    this.add(day, user, bytes);
  }

  /**
   * Accepts the quota, which this ledger does not need.
   *
   * @param _most Bytes per user and day.
   */
  limit(_most: number): void {}

  /**
   * Reads a user's count.
   *
   * @param _day The current day.
   * @returns Number of bytes.
   */
  read(_day: string, user: string): number {
    return this.#bytes.get(user) ?? 0;
  }

  /**
   * Reads all counts.
   *
   * @returns Bytes by user.
   */
  all(): Record<string, number> {
    return Object.fromEntries(this.#bytes);
  }

  /**
   * Starts a new day, unless another caller has done so.
   *
   * @param day The new day, `YYYY-MM-DD`.
   */
  turn(day: string): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#bytes.clear();
    this.revision++;
  }
}
