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
