/**
 * Time limits, cheap enough for several on every connection.
 *
 * Limits of one length run out in the order they were set, so a queue for each
 * length needs one timer for its head, however many are waiting.
 *
 * @module
 */

/** A time limit that is running. */
export interface Deadline {
  /** Stops it. Does nothing once it has passed or was stopped. */
  clear(): void;
}

/** A longer `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const NEVER: Deadline = { clear() {} };

/** Queues by length in milliseconds; one without entries is taken out. */
const queues = new Map<number, DeadlineQueue>();

/**
 * Calls back once when a time has passed, unless cleared before.
 *
 * @param milliseconds How long from now; 0 is never.
 * @param expire Called at that time or up to a few milliseconds after it. It
 *   must not throw.
 * @returns Clears the limit.
 */
export function setDeadline(
  milliseconds: number,
  expire: () => void,
): Deadline {
  if (milliseconds <= 0) return NEVER;
  let queue = queues.get(milliseconds);
  if (queue === undefined) {
    queue = new DeadlineQueue(milliseconds);
    queues.set(milliseconds, queue);
  }
  return queue.add(expire);
}

/** Entries of one length, in the order of their ends. */
class DeadlineQueue {
  readonly #length: number;
  readonly #entries = new Set<Entry>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(length: number) {
    this.#length = length;
  }

  add(expire: () => void): Deadline {
    const entry = new Entry(this, performance.now() + this.#length, expire);
    this.#entries.add(entry);
    if (this.#entries.size === 1) this.#arm(this.#length);
    return entry;
  }

  delete(entry: Entry): void {
    if (!this.#entries.delete(entry) || this.#entries.size > 0) return;
    clearTimeout(this.#timer);
    queues.delete(this.#length);
  }

  #arm(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#expire(),
      Math.min(milliseconds, LONGEST_TIMER),
    );
  }

  /**
   * Ends what is due. The timer may have been set for an entry that is gone:
   * moving it at every `delete` would cost more than waking once too often.
   */
  #expire(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.end > now) {
        this.#arm(entry.end - now);
        return;
      }
      this.#entries.delete(entry);
      entry.expire();
    }
    if (queues.get(this.#length) === this) queues.delete(this.#length);
  }
}

class Entry implements Deadline {
  readonly #queue: DeadlineQueue;
  readonly end: number;
  readonly expire: () => void;

  constructor(queue: DeadlineQueue, end: number, expire: () => void) {
    this.#queue = queue;
    this.end = end;
    this.expire = expire;
  }

  clear(): void {
    this.#queue.delete(this);
  }
}
