/**
 * Who has failed how often, and who is banned for it.
 *
 * @module
 */

/** How many failures within what time lead to what. */
export interface FailureRules {
  /** Failures that lead to a ban. */
  after: number;
  /** Milliseconds within which they count. */
  window: number;
  /** Milliseconds of the first ban; each further one is twice as long. */
  time: number;
  /** Milliseconds of the longest ban, and without one that undo a doubling. */
  timeMax: number;
}

/** A ban that has just begun. */
export interface NewBan {
  /** Milliseconds that it lasts. */
  readonly duration: number;
  /** Failures that led to it. */
  readonly failures: number;
}

/** A ban that is in force. */
export interface ActiveBan {
  /** Who is banned. */
  readonly key: string;
  /** Milliseconds until it ends. */
  readonly remaining: number;
  /** Failures that led to it. */
  readonly failed: number;
}

/** What is known of a key, with times as seen from now. */
export interface FailureState {
  /** Milliseconds since each failure that may still count, the oldest first. */
  readonly failures: readonly number[];
  /** Milliseconds until the last ban ends; negative since it did. */
  readonly until: number;
  /** How often the next ban is to be doubled. */
  readonly level: number;
  /** Failures that led to the last ban. */
  readonly failed: number;
}

interface Entry {
  /** When the failures were that may still count, the oldest first. */
  failures: number[];
  /** End of the last ban; 0 where there was none. */
  until: number;
  /** Bans so far, less those that quiet has undone: how often to double. */
  level: number;
  /** Failures that led to the last ban. */
  failed: number;
}

/** A table of failures by key, bounded. */
export class FailureTable {
  readonly #rules: FailureRules;
  readonly #most: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /**
   * Creates an empty table.
   *
   * @param rules What leads to a ban.
   * @param most Keys that are kept; beyond it those go that have done least.
   * @param now Tells milliseconds that only go forward.
   */
  constructor(rules: FailureRules, most: number, now: () => number) {
    this.#rules = rules;
    this.#most = most;
    this.#now = now;
  }

  /** Keys that are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Bans that are in force. */
  get active(): number {
    const now = this.#now();
    let count = 0;
    for (const { until } of this.#entries.values()) if (until > now) count++;
    return count;
  }

  /**
   * Tells how long a key is still banned.
   *
   * @returns Milliseconds; 0 where it is not.
   */
  remaining(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.until - this.#now());
  }

  /**
   * Counts a failure.
   *
   * @param key Who has failed.
   * @param isLast Whether this one is enough for a ban.
   * @returns The ban that it has led to.
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

  /**
   * Forgets the failures of a key, but not its bans.
   *
   * @param key Who has succeeded.
   */
  succeed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.failures = [];
    if (entry !== undefined && this.#isSpent(entry)) this.#entries.delete(key);
  }

  /**
   * Ends a ban, and forgets all about the key.
   *
   * @param key Who was banned.
   * @returns Whether it was.
   */
  lift(key: string): boolean {
    const wasBanned = this.remaining(key) > 0;
    this.#entries.delete(key);
    return wasBanned;
  }

  /** Bans that are in force. */
  list(): ActiveBan[] {
    return [...this.#entries]
      .map(([key, { failed }]) => ({
        key,
        remaining: this.remaining(key),
        failed,
      }))
      .filter(({ remaining }) => remaining > 0);
  }

  /** Keys that are known. */
  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /**
   * Tells what is known of a key.
   *
   * @returns What another table can take; `undefined` where it is nothing.
   */
  state(key: string): FailureState | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#now();
    const failures = entry.failures.map((at) => now - at);
    return { ...entry, failures, until: entry.until - now };
  }

  /**
   * Replaces what is known of a key by what another table knows.
   *
   * @param state That; `undefined` is nothing.
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

  /** Whether an entry makes no difference any more. */
  #isSpent(entry: Entry): boolean {
    const now = this.#now();
    return entry.until <= now && this.#levelOf(entry) === 0 &&
      !entry.failures.some((at) => at > now - this.#rules.window);
  }

  /**
   * Takes out what is spent; where that is too little, a quarter, and first
   * what has done least: it is a long time until the next call.
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

/** Bans weigh more than failures, and late ones more than early ones. */
function compare(a: Entry, b: Entry): number {
  return a.until - b.until || a.failures.length - b.failures.length ||
    (a.failures[0] ?? 0) - (b.failures[0] ?? 0);
}
