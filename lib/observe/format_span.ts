/**
 * Formats times in the notation of options.
 *
 * @module
 */

const UNITS = [["h", 3_600_000], ["m", 60_000], ["s", 1_000]] as const;

/**
 * Formats a time exactly, in the largest unit that divides it.
 *
 * @param milliseconds A whole number above 0.
 * @returns For example `1h`, `15m`, `90s`, `1500ms`.
 */
export function formatSpan(milliseconds: number): string {
  const unit = UNITS.find(([, length]) => milliseconds % length === 0);
  return unit === undefined
    ? `${milliseconds}ms`
    : `${milliseconds / unit[1]}${unit[0]}`;
}
