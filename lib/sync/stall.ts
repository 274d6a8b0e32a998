/**
 * Detects that something has stopped moving, without a timer for each move.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

/** Checks per limit, which makes the limit accurate to an eighth. */
const LOOKS = 8;

/**
 * Calls back once when a counter has stood still for a time.
 *
 * @param milliseconds Longest standstill; 0 disables the watch. The callback
 *   runs between 1 and 9/8 times this long after the last move.
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
