/**
 * A figure: one metric of Prometheus.
 *
 * @module
 */

import type { ThreadFigures } from "./threads/figures.ts";

/** Labels of a figure; their values never come from a client. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Sets the values of a figure. The parts of a histogram have names of their own,
 * which end in `_bucket`, `_sum` or `_count`.
 */
export type Read = (
  set: (labels: Labels, value: number, partName?: string) => void,
  figures: ThreadFigures,
) => void;

/** A figure that is read at each scrape. */
export interface Figure {
  /** A counter only grows. */
  kind: "counter" | "gauge" | "histogram";
  /** Its name, by the conventions of Prometheus. */
  name: string;
  /** Its help text. */
  help: string;
  /** Names of its labels (default none). */
  labels?: readonly string[];
  /** Reads it. */
  read: Read;
}
