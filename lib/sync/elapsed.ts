/**
 * Letting time pass.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { setDeadline } from "./deadline.ts";

/**
 * Waits.
 *
 * @param milliseconds How long, 1 or more.
 * @param context Ends the wait when cancelled (default: nothing does).
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
