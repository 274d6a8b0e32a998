/**
 * The figures of the last hour and of the last day, in typed arrays.
 *
 * @module
 */

import type { HistoryPoint } from "../api.ts";
import { TimeHistogram } from "./time_histogram.ts";

/** The series, in the order of the columns. */
export const SERIES = [
  ...["up", "down", "opened", "ended", "failed", "refused", "open"],
  ...["dialP50", "dialP95", "resolveP50", "resolveP95", "memory"],
] as const;

/** One of the series. */
export type Series = Exclude<keyof HistoryPoint, "at">;

/** Columns of all points: times, and a value or `null` for each. */
export interface Columns {
  /** End of each step, in milliseconds since 1970. */
  at: number[];
  /** The values; `null` is a gap, or a latency that was not measured. */
  series: Record<Series, (number | null)[]>;
}

/** A bounded list of points; a new one replaces the oldest. */
export class PointRing {
  readonly #most: number;
  readonly #columns: Record<Series | "at", Float64Array>;
  #first = 0;
  #length = 0;

  /** Creates it empty, for that many points. */
  constructor(most: number) {
    this.#most = most;
    this.#columns = Object.fromEntries(
      ["at", ...SERIES].map((name) => [name, new Float64Array(most)]),
    ) as Record<Series | "at", Float64Array>;
  }

  /** Number of points. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a point, and removes later ones, which exist if the clock was set
   * back.
   */
  add(point: HistoryPoint): void {
    this.#forgetFrom(point.at);
    const names = Object.keys(this.#columns) as (Series | "at")[];
    const place = this.#next();
    for (const name of names) {
      this.#columns[name][place] = point[name] ?? NaN;
    }
  }

  /** Adds a gap: a time without values. */
  addGap(at: number): void {
    this.#forgetFrom(at);
    const place = this.#next();
    for (const column of Object.values(this.#columns)) column[place] = NaN;
    this.#columns.at[place] = at;
  }

  /**
   * Reads the points after a time.
   *
   * @param since Milliseconds since 1970.
   */
  read(since: number): Columns {
    let skip = 0;
    while (skip < this.#length && this.#at(skip) <= since) skip++;
    const places = Array.from(
      { length: this.#length - skip },
      (_, n) => this.#placeOf(skip + n),
    );
    const valuesOf = (name: Series) =>
      places.map((place) => orNull(this.#columns[name][place]!));
    return {
      at: places.map((place) => this.#columns.at[place]!),
      series: Object.fromEntries(
        (SERIES as readonly Series[]).map((name) => [name, valuesOf(name)]),
      ) as Columns["series"],
    };
  }

  #forgetFrom(at: number): void {
    while (this.#length > 0 && this.#at(this.#length - 1) >= at) this.#length--;
  }

  #next(): number {
    if (this.#length < this.#most) return this.#placeOf(this.#length++);
    const place = this.#first;
    this.#first = (place + 1) % this.#most;
    return place;
  }

  #at(index: number): number {
    return this.#columns.at[this.#placeOf(index)]!;
  }

  #placeOf(index: number): number {
    return (this.#first + index) % this.#most;
  }
}

/** Fractions are below the precision that a chart can show. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 100) / 100;
}

/** The events of one step. */
export interface Step {
  /** Milliseconds that it took, by a clock that is never set. */
  elapsed: number;
  /** Bytes to targets. */
  sent: number;
  /** Bytes to clients. */
  received: number;
  /** New connections. */
  opened: number;
  /** Connections and requests that ended. */
  ended: number;
  /** Of these, those whose target Sluice could not reach. */
  failed: number;
  /** Of these, those that Sluice refused. */
  refused: number;
  /** Times of connects, counted by class. */
  dial: Uint32Array;
  /** Times of lookups, counted by class. */
  resolve: Uint32Array;
}

/** The state at the end of a step. */
export interface StepEnd {
  /** When, in milliseconds since 1970. */
  at: number;
  /** Open connections. */
  open: number;
  /** Resident memory of the process, in bytes. */
  memory: number;
}

/** The sum of several steps. */
export class StepSum {
  readonly #sums: Omit<Step, "dial" | "resolve"> = {
    ...{ elapsed: 0, sent: 0, received: 0, opened: 0 },
    ...{ ended: 0, failed: 0, refused: 0 },
  };
  readonly #dial = new TimeHistogram();
  readonly #resolve = new TimeHistogram();

  /** Milliseconds that they took. */
  get elapsed(): number {
    return this.#sums.elapsed;
  }

  /** Adds a step. */
  add(step: Step): void {
    const names = Object.keys(this.#sums) as Exclude<
      keyof Step,
      "dial" | "resolve"
    >[];
    for (const name of names) this.#sums[name] += step[name];
    this.#dial.merge(step.dial);
    this.#resolve.merge(step.resolve);
  }

  /** Returns them as one point. */
  point({ at, memory, open }: StepEnd): HistoryPoint {
    const { elapsed, ended, failed, opened, received, refused, sent } =
      this.#sums;
    const seconds = Math.max(1, elapsed) / 1000;
    return {
      at,
      up: sent / seconds,
      down: received / seconds,
      opened: opened / seconds,
      ended: ended / seconds,
      failed: failed / seconds,
      refused: refused / seconds,
      open,
      dialP50: this.#dial.quantile(0.5),
      dialP95: this.#dial.quantile(0.95),
      resolveP50: this.#resolve.quantile(0.5),
      resolveP95: this.#resolve.quantile(0.95),
      memory,
    };
  }
}

/** Options for {@linkcode Timeline}. */
export interface TimelineOptions {
  /** Milliseconds between two points of the last hour. */
  step: number;
  /** When it begins, in milliseconds since 1970. */
  now: number;
}

/** Steps of the last hour that make one of the last day. */
const PER_LONG = 12;

/** Points: an hour of steps of 5 s, a day of minutes. */
const MOST = { short: 720, long: 1_440 } as const;

/** Missing steps after which the program counts as suspended. */
const PATIENCE = 3;

/** A pause of at most this many milliseconds is never a gap. */
const LEAST_GAP = 1_000;

/** The last hour and the last day. */
export class Timeline {
  /** Milliseconds between two points of the last hour. */
  readonly step: number;
  readonly #short = new PointRing(MOST.short);
  readonly #long = new PointRing(MOST.long);
  #minute = new StepSum();
  #minuteSteps = 0;
  #last: number;

  /** Begins without points. */
  constructor({ now, step }: TimelineOptions) {
    this.step = step;
    this.#last = now;
  }

  /** Milliseconds between two points of the last day. */
  get longStep(): number {
    return this.step * PER_LONG;
  }

  /**
   * Adds a step.
   *
   * @returns Its point; `undefined` if the program was suspended, so that the
   *   step has no meaning.
   */
  add(step: Step, end: StepEnd): HistoryPoint | undefined {
    const last = this.#last;
    this.#last = end.at;
    const elapsed = Math.max(step.elapsed, end.at - last);
    if (elapsed > Math.max(LEAST_GAP, PATIENCE * this.step)) {
      this.#addGap(last, elapsed);
      return undefined;
    }
    this.#minute.add(step);
    if (++this.#minuteSteps === PER_LONG) {
      this.#long.add(this.#minute.point(end));
      this.#forgetMinute();
    }
    const one = new StepSum();
    one.add(step);
    const point = one.point(end);
    this.#short.add(point);
    return point;
  }

  /** Points of the last hour after a time, in milliseconds since 1970. */
  hour(since: number): Columns {
    return this.#short.read(since);
  }

  /** Points of the last day after a time, in milliseconds since 1970. */
  day(since: number): Columns {
    return this.#long.read(since);
  }

  #addGap(last: number, elapsed: number): void {
    this.#short.addGap(last + this.step);
    if (elapsed > PATIENCE * this.longStep) {
      this.#long.addGap(last + this.longStep);
    }
    this.#forgetMinute();
  }

  #forgetMinute(): void {
    this.#minute = new StepSum();
    this.#minuteSteps = 0;
  }
}
