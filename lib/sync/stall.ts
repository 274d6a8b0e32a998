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
  let seen = progress();
  let stillFor = 0;
  let deadline = setDeadline(milliseconds / LOOKS, look);

  function look(): void {
    const now = progress();
    stillFor = now === seen ? stillFor + 1 : 0;
    seen = now;
    if (stillFor === LOOKS) {
      expire();
      return;
    }
    deadline = setDeadline(milliseconds / LOOKS, look);
  }

  return { clear: () => deadline.clear() };
}
