/**
 * Waits for a given time.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { setDeadline } from "./deadline.ts";

/**
 * Waits for a given time.
 *
 * @param milliseconds 1 or more.
 * @param context Ends the wait early when cancelled (default: none).
 */
export async function elapsed(
  milliseconds: number,
  context?: Context,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setDeadline(milliseconds, resolve);
  const unregister = context?.onCancel(() => resolve());
  await promise;
  unregister?.();
  deadline.clear();
}
