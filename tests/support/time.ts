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

/**
 * Checks that something takes less than a time. A computer that is busy with
 * other work may be late once; code that is too slow is late every time.
 *
 * @param limit Milliseconds.
 * @param attempt Does it for the n-th time, from 0; returns its milliseconds.
 */
export async function assertSoon(
  limit: number,
  attempt: (n: number) => Promise<number>,
): Promise<void> {
  const times: number[] = [];
  while (times.length < 3) {
    const time = await attempt(times.length);
    if (time < limit) return;
    times.push(Math.round(time));
  }
  throw new Error(`Not within ${limit} ms, but after ${times.join(", ")} ms`);
}
