/**
 * Waiting for what goes on although the one who waits has left.
 *
 * @module
 */

import type { Context } from "./context.ts";

/**
 * Waits for work that is also somebody else's, or can't be taken back.
 *
 * @param pending The work. It may fail when nobody waits for it any more.
 * @param context Ends the wait when cancelled, and not the work.
 * @returns What the work brings.
 * @throws What the work fails with, or the reason of the cancellation.
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
