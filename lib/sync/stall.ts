/**
 * Noticing that something has stopped moving, without a timer for each move.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

/** A limit is looked at this often, and so met to within an eighth of it. */
const LOOKS = 8;

/**
 * Calls back once when a counter has stood still for a time.
 *
 * @param milliseconds How long it may stand still; 0 is for ever. The callback
 *   comes between that and 9/8 of it.
 * @param progress Returns the counter, for example the bytes carried.
 * @param expire Called once. It must not throw.
 * @returns Ends the watch.
 */
export function watchStall(
  milliseconds: number,
  progress: () => number,
  expire: () => void,
): Deadline {
  return new Stall(milliseconds / LOOKS, progress, expire);
}

class Stall implements Deadline {
  readonly #interval: number;
  readonly #progress: () => number;
  readonly #expire: () => void;
  #seen: number;
  #stillFor = 0;
  #next: Deadline;

  constructor(interval: number, progress: () => number, expire: () => void) {
    this.#interval = interval;
    this.#progress = progress;
    this.#expire = expire;
    this.#seen = progress();
    this.#next = setDeadline(interval, this.#look);
  }

  clear(): void {
    this.#next.clear();
  }

  readonly #look = (): void => {
    const now = this.#progress();
    this.#stillFor = now === this.#seen ? this.#stillFor + 1 : 0;
    this.#seen = now;
    if (this.#stillFor === LOOKS) this.#expire();
    else this.#next = setDeadline(this.#interval, this.#look);
  };
}
