/**
 * A figure: one metric of Prometheus.
 *
 * @module
 */

import type { ThreadFigures } from "./thread_figures.ts";

/** Labels of a figure; their values never come from a client. */
export type Labels = Readonly<Record<string, string>>;

/** Sets the values of a figure. */
export type Read = (
  set: (labels: Labels, value: number) => void,
  figures: ThreadFigures,
) => void;

/** A figure that is read at each scrape. */
export interface Figure {
  /** Whether it is a counter, which only grows. */
  kind: "counter" | "gauge";
  /** Its name, by the conventions of Prometheus. */
  name: string;
  /** Its help text. */
  help: string;
  /** Names of its labels (default none). */
  labels?: readonly string[];
  /** Reads it. */
  read: Read;
}
