/**
 * Time limits that are cheap enough for several on every connection.
 *
 * Limits of one length expire in the order they were set. A queue for each
 * length therefore needs only one timer, for its head.
 *
 * @module
 */

import { Bag, type BagEntry } from "./bag.ts";

/** A running time limit. */
export interface Deadline {
  /** Stops the limit. Does nothing if it has expired or was stopped. */
  clear(): void;
}

/** `setTimeout` fires immediately if the delay is longer. */
const LONGEST_TIMER = 2 ** 31 - 1;

const NEVER: Deadline = { clear() {} };

/** Queues by length in milliseconds. */
const queues = new Map<number, DeadlineQueue>();

/**
 * Most empty queues to keep, with their timers, while any other has an entry. A
 * connection sets several limits of the same few lengths, and the timer is the
 * most expensive part.
 */
const MOST_QUEUES = 16;

/** Number of running limits. */
let running = 0;

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
    const entry = new Entry(this, performance.now() + this.#length, expire);
    entry.place = this.#entries.add(entry);
    running++;
    if (this.#timer === undefined) this.#arm(this.#length);
    return entry;
  }

  delete(entry: Entry): void {
    if (entry.place === undefined) return;
    this.#take(entry);
    if (running === 0) closeAll();
    else if (this.#entries.isEmpty && queues.size > MOST_QUEUES) this.close();
  }

  /** Stops the timer. Call it when no entry is left. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    queues.delete(this.#length);
  }

  #take(entry: Entry): void {
    entry.place!.remove();
    entry.place = undefined;
    running--;
  }

  #arm(milliseconds: number): void {
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
      this.#take(entry);
      entry.expire();
    }
    if (running === 0) closeAll();
    else if (queues.get(this.#length) === this) this.close();
  }
}

function closeAll(): void {
  for (const queue of queues.values()) queue.close();
}

class Entry implements Deadline {
  readonly #queue: DeadlineQueue;
  readonly end: number;
  place: BagEntry | undefined;
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
