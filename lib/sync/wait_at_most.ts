/**
 * Waits with a time limit.
 *
 * @module
 */

import { setDeadline } from "./deadline.ts";

/**
 * Waits for a promise, but not longer than a time. It may still settle later;
 * nobody hears of that.
 *
 * @param milliseconds The longest wait; 0 disables the limit.
 * @param late Called after that time. It returns what to return, or throws.
 * @throws The error of the promise or of `late`.
 */
export async function waitAtMost<T, Late>(
  milliseconds: number,
  pending: Promise<T>,
  late: () => Late,
): Promise<T | Late> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setDeadline(milliseconds, resolve);
  try {
    return await Promise.race([pending, promise.then(late)]);
  } finally {
    deadline.clear();
    pending.catch(() => {});
  }
}
