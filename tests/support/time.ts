/**
 * Waits in tests. No test waits for a time that should be long enough: it waits
 * for a condition with `eventually()` or for a promise.
 *
 * @module
 */

/** Waits for a time in milliseconds, for tests of time itself. */
export function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Lets pending work run, for some turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let n = 0; n < count; n++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Waits until a count has grown and then stays the same. The system has no
 * event for full buffers.
 */
export async function untilStill(count: () => number): Promise<number> {
  for (let before = 0; count() === 0 || count() !== before;) {
    before = count();
    await pass(200);
  }
  return count();
}
