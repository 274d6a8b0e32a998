/**
 * A table of failures and bans by key.
 *
 * @module
 */

/** Rules for bans. */
export interface FailureRules {
  /** Failures that lead to a ban. */
  after: number;
  /** Milliseconds within which failures count. */
  window: number;
  /** Milliseconds of the first ban. Each further ban is twice as long. */
  time: number;
  /**
   * Milliseconds of the longest ban. Each ban-free period of this length halves
   * the next ban.
   */
  timeMax: number;
}

/** A new ban. */
export interface NewBan {
  /** Length in milliseconds. */
  readonly duration: number;
  /** Failures that led to it. */
  readonly failures: number;
}

/** A current ban. */
export interface ActiveBan {
  /** The banned key. */
  readonly key: string;
  /** Remaining milliseconds. */
  readonly remaining: number;
  /** Failures that led to it. */
  readonly failed: number;
}

/** The state of a key, with times relative to now. */
export interface FailureState {
  /** Age in milliseconds of each failure that may still count, oldest first. */
  readonly failures: readonly number[];
  /** Milliseconds until the last ban ends; negative if it has ended. */
  readonly until: number;
  /** How often to double the next ban. */
  readonly level: number;
  /** Failures that led to the last ban. */
  readonly failed: number;
}

interface Entry {
  /** Times of failures that may still count, oldest first. */
  failures: number[];
  /** End of the last ban; 0 if there was none. */
  until: number;
  /** How often to double the next ban: bans so far, minus ban-free periods. */
  level: number;
  /** Failures that led to the last ban. */
  failed: number;
}

/** A bounded table of failures by key. */
export class FailureTable {
  readonly #rules: FailureRules;
  readonly #most: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /**
   * Creates an empty table.
   *
   * @param rules Rules for bans.
   * @param most Most keys to keep. The least important ones go first.
   * @param now Returns milliseconds that never go back.
   */
  constructor(rules: FailureRules, most: number, now: () => number) {
    this.#rules = rules;
    this.#most = most;
    this.#now = now;
  }

  /** Number of keys. */
  get size(): number {
    return this.#entries.size;
  }

  /** Number of current bans. */
  get active(): number {
    const now = this.#now();
    let count = 0;
    for (const { until } of this.#entries.values()) if (until > now) count++;
    return count;
  }

  /**
   * Returns the remaining time of a ban.
   *
   * @returns Milliseconds; 0 if the key is not banned.
   */
  remaining(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.until - this.#now());
  }

  /**
   * Counts a failure.
   *
   * @param isLast Whether this failure is enough for a ban.
   * @returns The ban, if it starts with this failure.
   */
  fail(key: string, isLast = false): NewBan | undefined {
    const entry = this.#entryOf(key);
    const { after, window } = this.#rules;
    const now = this.#now();
    entry.failures = entry.failures.filter((at) => at > now - window);
    entry.failures.push(now);
    return isLast || entry.failures.length >= after
      ? this.#ban(entry)
      : undefined;
  }

  /** Clears the failures of a key, but not its bans. */
  succeed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.failures = [];
    if (entry !== undefined && this.#isSpent(entry)) this.#entries.delete(key);
  }

  /**
   * Bans a key, whatever its failures are.
   *
   * @param duration Milliseconds from now.
   */
  ban(key: string, duration: number): void {
    const entry = this.#entryOf(key);
    entry.until = this.#now() + duration;
    entry.failed = 0;
  }

  /**
   * Ends a ban and forgets the key.
   *
   * @returns Whether the key was banned.
   */
  lift(key: string): boolean {
    const wasBanned = this.remaining(key) > 0;
    this.#entries.delete(key);
    return wasBanned;
  }

  /** Current bans. */
  list(): ActiveBan[] {
    return [...this.#entries]
      .map(([key, { failed }]) => ({
        key,
        remaining: this.remaining(key),
        failed,
      }))
      .filter(({ remaining }) => remaining > 0);
  }

  /** All keys in the table. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /**
   * Returns the state of a key.
   *
   * @returns A state for another table; `undefined` if nothing is known.
   */
  state(key: string): FailureState | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#now();
    const failures = entry.failures.map((at) => now - at);
    return { ...entry, failures, until: entry.until - now };
  }

  /**
   * Replaces the state of a key with that of another table.
   *
   * @param state The new state; `undefined` forgets the key.
   */
  replace(key: string, state: FailureState | undefined): void {
    if (state === undefined) {
      this.#entries.delete(key);
      return;
    }
    const now = this.#now();
    const entry = this.#entryOf(key);
    entry.failures = state.failures.map((age) => now - age);
    entry.until = now + state.until;
    entry.level = state.level;
    entry.failed = state.failed;
  }

  #ban(entry: Entry): NewBan {
    const { time, timeMax } = this.#rules;
    const level = this.#levelOf(entry);
    const duration = Math.min(timeMax, time * 2 ** level);
    const ban = { duration, failures: entry.failures.length };
    entry.failed = ban.failures;
    entry.failures = [];
    entry.until = this.#now() + duration;
    entry.level = level + 1;
    return ban;
  }

  #levelOf({ level, until }: Entry): number {
    const quiet = this.#now() - until;
    if (quiet <= 0) return level;
    return Math.max(0, level - Math.floor(quiet / this.#rules.timeMax));
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#most) this.#makeRoom();
    const entry = { failures: [], until: 0, level: 0, failed: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Whether an entry has no effect any more. */
  #isSpent(entry: Entry): boolean {
    const now = this.#now();
    return entry.until <= now && this.#levelOf(entry) === 0 &&
      !entry.failures.some((at) => at > now - this.#rules.window);
  }

  /**
   * Removes entries without effect. If that is not enough, it removes a quarter
   * of all entries, the least important first, so that the next call is far
   * away.
   */
  #makeRoom(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#isSpent(entry)) this.#entries.delete(key);
    }
    const keep = Math.floor(this.#most * 3 / 4);
    const excess = this.#entries.size - keep;
    if (excess <= 0) return;
    const byWeight = [...this.#entries].sort(([, a], [, b]) => compare(a, b));
    for (const [key] of byWeight.slice(0, Math.max(1, excess))) {
      this.#entries.delete(key);
    }
  }
}

/** Bans weigh more than failures, and recent ones more than old ones. */
function compare(a: Entry, b: Entry): number {
  return a.until - b.until || a.failures.length - b.failures.length ||
    (a.failures[0] ?? 0) - (b.failures[0] ?? 0);
}
