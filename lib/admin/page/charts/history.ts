/**
 * The history that the charts show, updated by events.
 *
 * @module
 */

import type { HistoryAnswer, HistoryPoint } from "../../api.ts";
import { type RangeName, RANGES } from "../../client/ranges.ts";

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

const NAMES = ["down", "up", "open", "opened", "failed", "refused"] as const;

/** Steps without a point after which a line is broken. */
const GAP = 2.5;

/**
 * The history of one range, with at most its length divided by its step points.
 */
export class History {
  readonly #range: RangeName;
  readonly #step: number;
  readonly #startedAt: number;
  readonly #times: number[];
  readonly #values: Record<typeof NAMES[number], Value[]>;

  /** Begins with the server's answer. */
  constructor({ at, range, series, startedAt, stepMs }: HistoryAnswer) {
    this.#range = range;
    this.#step = stepMs;
    this.#startedAt = startedAt;
    this.#times = [...at];
    this.#values = Object.fromEntries(
      NAMES.map((name) => [name, [...series[name]]]),
    ) as Record<typeof NAMES[number], Value[]>;
  }

  /** Whether the newest point is so old that the server has a newer one. */
  isStale(now: number): boolean {
    const last = this.#times.at(-1) ?? this.#startedAt;
    return now - last > this.#step * GAP;
  }

  /**
   * Adds a point of 5 s. A range with longer steps ignores it, because the
   * server computes such points.
   */
  add(point: HistoryPoint): void {
    const last = this.#times.at(-1) ?? 0;
    const elapsed = point.at - last;
    if (elapsed < this.#step / 2) return;
    if (this.#step > RANGES["5m"] / 60) return;
    if (last > 0 && elapsed > this.#step * GAP) {
      this.#push(last + this.#step, () => null);
    }
    this.#push(point.at, (name) => point[name]);
    this.#forget(point.at - RANGES[this.#range]);
  }

  /**
   * Returns the content of the charts at a time, in milliseconds since 1970.
   */
  past(now: number): Past {
    const to = Math.max(now, this.#times.at(-1) ?? 0);
    const { down, failed, open, opened, refused, up } = this.#values;
    const values: Record<SeriesName, readonly Value[]> = {
      ...{ down, up, open, opened },
      failed: failed.map((value, n) =>
        value === null ? null : value + (refused[n] ?? 0)
      ),
    };
    return {
      times: this.#times.map((at) => at / 1000),
      values,
      range: [this.#begin(to) / 1000, to / 1000],
      startedAt: this.#startedAt / 1000,
    };
  }

  /** The chart of a program younger than the range is shorter. */
  #begin(to: number): number {
    const whole = to - RANGES[this.#range];
    return Math.max(whole, Math.min(this.#startedAt, to - RANGES["5m"]));
  }

  #push(at: number, valueOf: (name: typeof NAMES[number]) => Value): void {
    this.#times.push(at);
    for (const name of NAMES) this.#values[name].push(valueOf(name));
  }

  #forget(before: number): void {
    const count = this.#times.findIndex((at) => at >= before);
    if (count <= 0) return;
    this.#times.splice(0, count);
    for (const name of NAMES) this.#values[name].splice(0, count);
  }
}
