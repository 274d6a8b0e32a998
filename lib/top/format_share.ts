/**
 * Formats a part of a whole.
 *
 * @module
 */

/**
 * Formats a part of a whole.
 *
 * @param share 0 to 1.
 * @returns For example `0 %`, `0.4 %`, `12 %`.
 */
export function formatShare(share: number): string {
  const percent = share * 100;
  const isShort = percent > 0 && percent < 9.95;
  return `${isShort ? percent.toFixed(1) : Math.round(percent)} %`;
}
