/**
 * Time limits that are cheap enough for several on every connection.
 *
 * Limits of one length expire in the order they were set. A queue for each
 * length therefore needs only one timer, for its head.
 *
 * @module
 */

import { Bag, type Place } from "./bag.ts";

/** A running time limit. */
export interface Deadline {
  /** Stops the limit. Does nothing if it has expired or was stopped. */
  clear(): void;
}

/** `setTimeout` fires immediately if the delay is longer. */
const LONGEST_TIMER = 2 ** 31 - 1;

const NEVER: Deadline = { clear() {} };

/** Queues by length in milliseconds. Empty queues are removed. */
const queues = new Map<number, DeadlineQueue>();

/**
 * Calls back once after a time, unless cleared before.
 *
 * @param milliseconds Time from now; 0 disables the limit.
 * @param expire Called at that time or a few milliseconds later. It must not
 *   throw.
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

/** Limits of one length, ordered by their end. */
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
   * Expires due entries. The timer may belong to an entry that was cleared:
   * moving it at every `delete` would cost more than one wake-up too many.
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
