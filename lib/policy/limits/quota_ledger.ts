/**
 * Where the bytes of a day are written down, user by user.
 *
 * @module
 */

/** Keeps the count of a day. */
export interface QuotaLedger {
  /** Grows with every change. */
  readonly revision: number;
  /**
   * Adds to what a user has carried.
   *
   * @param day The day, `YYYY-MM-DD`.
   * @param bytes How many bytes.
   */
  add(day: string, user: string, bytes: number): void;
  /**
   * Reads what a user has carried.
   *
   * @returns How many bytes.
   */
  read(day: string, user: string): number;
  /**
   * Reads what all have carried.
   *
   * @returns Bytes by user.
   */
  all(day: string): Record<string, number>;
  /**
   * Begins a day; that before is over.
   *
   * @param day The new one.
   */
  turn(day: string): void;
}

/** The count of one thread. */
export class LocalLedger implements QuotaLedger {
  readonly #bytes = new Map<string, number>();
  #day: string | undefined;
  /** Grows with every change. */
  revision = 0;

  /**
   * Adds to what a user has carried.
   *
   * @param day The day, which is the present one.
   * @param bytes How many bytes.
   */
  add(day: string, user: string, bytes: number): void {
    this.#day ??= day;
    this.#bytes.set(user, (this.#bytes.get(user) ?? 0) + bytes);
    this.revision++;
  }

  /**
   * Reads what a user has carried.
   *
   * @param _day The day, which is the present one.
   * @returns How many bytes.
   */
  read(_day: string, user: string): number {
    return this.#bytes.get(user) ?? 0;
  }

  /**
   * Reads what all have carried.
   *
   * @returns Bytes by user.
   */
  all(): Record<string, number> {
    return Object.fromEntries(this.#bytes);
  }

  /**
   * Begins a day, where none of those that count here has begun it.
   *
   * @param day The new one.
   */
  turn(day: string): void {
    if (day === this.#day) return;
    this.#day = day;
    this.#bytes.clear();
    this.revision++;
  }
}
