/**
 * History in the form that the charts need.
 *
 * @module
 */

/** Lengths of the ranges, in milliseconds. */
export const SPANS = {
  "5m": 300_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
} as const;

/** A range of time. */
export type Range = keyof typeof SPANS;

/** A value of a series; `null` if nothing is known. */
export type Value = number | null;

/** Values of all charts. */
export type SeriesName = "down" | "up" | "open" | "opened" | "failed";

/** The values of a period. */
export interface Past {
  /** Times in seconds since 1970, ascending. */
  times: readonly number[];
  /** Values at these times. */
  values: Readonly<Record<SeriesName, readonly Value[]>>;
  /** The times at the two edges, in seconds since 1970. */
  range: readonly [from: number, to: number];
  /** When the program started, in seconds since 1970. */
  startedAt: number;
}
