/**
 * A figure: one metric of Prometheus.
 *
 * @module
 */

import type { ThreadFigures } from "./thread_figures.ts";

/** Labels of a figure: never a value that a client has chosen. */
export type Labels = Readonly<Record<string, string>>;

/** Gives a figure its values. */
export type Read = (
  set: (labels: Labels, value: number) => void,
  figures: ThreadFigures,
) => void;

/** A figure that is read on request. */
export interface Figure {
  /** Whether it only grows. */
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
