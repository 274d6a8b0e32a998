/**
 * The spans of time that figures can cover.
 *
 * @module
 */

/** Milliseconds of each range. */
export const RANGES = {
  "5m": 300_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
} as const;

/** One of the ranges. */
export type RangeName = keyof typeof RANGES;
