/**
 * Letting time pass.
 *
 * @module
 */

import { setDeadline } from "./deadline.ts";

/**
 * Waits.
 *
 * @param milliseconds How long, 1 or more.
 */
export function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setDeadline(milliseconds, resolve));
}
