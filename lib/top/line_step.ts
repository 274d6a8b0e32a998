/**
 * How far keys move in a list or a text.
 *
 * @module
 */

import type { KeyName } from "./keys.ts";

/** Lines by key, for a number of visible lines. */
const STEPS: Readonly<Record<KeyName, (height: number) => number>> = {
  up: () => -1,
  down: () => 1,
  pageup: (height) => -height,
  pagedown: (height) => height,
  home: () => -Infinity,
  end: () => Infinity,
};

/**
 * Tells how far a key moves.
 *
 * @param height Visible lines.
 * @returns Number of lines, negative for upward; an infinite number moves to an
 *   end. `undefined` if the key moves nothing.
 */
export function lineStep(key: KeyName, height: number): number | undefined {
  return Object.hasOwn(STEPS, key) ? STEPS[key]!(height) : undefined;
}
