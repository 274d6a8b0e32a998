/**
 * Waits of tests. Nothing is synchronised with a time that is hoped to be long
 * enough: a test waits for what it wants with `eventually()` or a promise.
 *
 * @module
 */

/** Lets time pass, in milliseconds, where time itself is what is tested. */
export function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Lets whatever is ready run, for some turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let n = 0; n < count; n++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Waits until a count has grown, and then no more for a while: that buffers of
 * the system are full is told by nothing else.
 *
 * @returns The count.
 */
export async function untilStill(count: () => number): Promise<number> {
  for (let before = 0; count() === 0 || count() !== before;) {
    before = count();
    await pass(200);
  }
  return count();
}
