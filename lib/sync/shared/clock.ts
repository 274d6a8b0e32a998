/**
 * One clock for several threads. `performance.now()` begins with each thread,
 * and the system's clock can be set.
 *
 * @module
 */

/** Milliseconds by which readings of the system's clock differ by chance. */
const NOISE = 5;

/**
 * Tells how far the system's clock is ahead of this thread's, which goes on
 * evenly from where that was when the thread began.
 *
 * @returns Milliseconds; 0 or so unless the system's clock was set since.
 */
export function clockLead(): number {
  return Date.now() - evenTime();
}

/**
 * Makes a clock that shows the same as that of another thread. A thread that
 * was some milliseconds behind would see a shared rate always used up.
 *
 * @param lead What {@linkcode clockLead} tells in the other thread now.
 * @returns Tells milliseconds that only go forward.
 */
export function sharedClock(lead: number): () => number {
  const difference = clockLead() - lead;
  const origin = Math.abs(difference) < NOISE ? 0 : difference;
  return () => evenTime() + origin;
}

function evenTime(): number {
  return performance.timeOrigin + performance.now();
}
