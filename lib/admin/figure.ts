/**
 * One figure: what a Prometheus reads under one name.
 *
 * @module
 */

import type { ThreadFigures } from "./thread_figures.ts";

/** What a figure may be told apart by: never what a client has chosen. */
export type Labels = Readonly<Record<string, string>>;

/** Gives a figure its values. */
export type Read = (
  set: (labels: Labels, value: number) => void,
  figures: ThreadFigures,
) => void;

/** A figure that is read when somebody asks. */
export interface Figure {
  /** Whether it only grows. */
  kind: "counter" | "gauge";
  /** Its name, by the conventions of Prometheus. */
  name: string;
  /** What it tells. */
  help: string;
  /** Names of its labels (default none). */
  labels?: readonly string[];
  /** Reads it. */
  read: Read;
}
