/**
 * One clock for several threads. `performance.now()` starts at 0 in each
 * thread, and the system's clock can be set.
 *
 * @module
 */

/**
 * Milliseconds by which two readings of the system's clock differ by chance.
 */
const NOISE = 5;

/**
 * Returns how far the system's clock is ahead of this thread's own clock. That
 * clock started with the system's time and then runs evenly.
 *
 * @returns Milliseconds; about 0 unless the system's clock was set since.
 */
export function clockLead(): number {
  return Date.now() - evenTime();
}

/**
 * Creates a clock that agrees with another thread's. A thread that is a few
 * milliseconds behind would always find a shared rate used up.
 *
 * @param lead The current {@linkcode clockLead} of the other thread.
 * @returns Returns milliseconds that never go back.
 */
export function sharedClock(lead: number): () => number {
  const difference = clockLead() - lead;
  const origin = performance.timeOrigin +
    (Math.abs(difference) < NOISE ? 0 : difference);
  return () => origin + performance.now();
}

function evenTime(): number {
  return performance.timeOrigin + performance.now();
}
