/**
 * Waits for work that continues even if the waiter leaves.
 *
 * @module
 */

import type { Context } from "./context.ts";

/**
 * Waits for work that others share or that cannot be undone.
 *
 * @param pending The work. It may fail after the wait has ended.
 * @param context Ends the wait when cancelled, but not the work.
 * @returns The result of the work.
 * @throws The error of the work, or the reason of the cancellation.
 */
export async function waitFor<T>(
  pending: Promise<T>,
  context: Context,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const unregister = context.onCancel(reject);
  try {
    return await Promise.race([pending, promise]);
  } finally {
    unregister();
    pending.catch(() => {});
  }
}
