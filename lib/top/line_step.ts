/**
 * How far keys move in a list or a text.
 *
 * @module
 */

import type { KeyName } from "./keys.ts";

/**
 * Tells how far a key moves.
 *
 * @param height Visible lines.
 * @returns Number of lines, negative for upward; an infinite number moves to an
 *   end. `undefined` if the key moves nothing.
 */
export function lineStep(key: KeyName, height: number): number | undefined {
  switch (key) {
    case "up":
      return -1;
    case "down":
      return 1;
    case "pageup":
      return -height;
    case "pagedown":
      return height;
    case "home":
      return -Infinity;
    case "end":
      return Infinity;
    default:
      return undefined;
  }
}
