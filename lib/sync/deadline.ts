/**
 * Time limits, cheap enough for several on every connection.
 *
 * Limits of one length run out in the order they were set, so a queue for each
 * length needs one timer for its head, however many are waiting.
 *
 * @module
 */

import { Bag, type Place } from "./bag.ts";

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
  readonly #entries = new Bag<Entry>();

  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(length: number) {
    this.#length = length;
  }

  add(expire: () => void): Deadline {
    const isFirst = this.#entries.isEmpty;
    const entry = new Entry(this, performance.now() + this.#length, expire);
    entry.place = this.#entries.add(entry);
    if (isFirst) this.#arm(this.#length);
    return entry;
  }

  delete(entry: Entry): void {
    if (entry.place === undefined) return;
    entry.place.remove();
    entry.place = undefined;
    if (!this.#entries.isEmpty) return;
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
    for (
      let entry = this.#entries.first;
      entry !== undefined;
      entry = this.#entries.first
    ) {
      if (entry.end > now) {
        this.#arm(entry.end - now);
        return;
      }
      this.#entries.shift();
      entry.place = undefined;
      entry.expire();
    }
    if (queues.get(this.#length) === this) queues.delete(this.#length);
  }
}

class Entry implements Deadline {
  readonly #queue: DeadlineQueue;
  readonly end: number;
  place: Place | undefined;
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
