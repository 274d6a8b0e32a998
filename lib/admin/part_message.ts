/**
 * What goes between a worker and whoever watches it.
 *
 * @module
 */

import type { Question } from "./part.ts";

/** A question, to the worker. */
export interface PartQuestion {
  /** Counts questions, from 1. */
  readonly number: number;
  /** What is asked. */
  readonly question: Question;
  /** What it is asked with. */
  readonly asked: readonly unknown[];
}

/** Its answer, from the worker. */
export interface PartReply {
  /** Which question it answers. */
  readonly number: number;
  /** The answer. */
  readonly answer?: unknown;
  /** Why there is none: a mistake of ours. */
  readonly mistake?: string;
}
