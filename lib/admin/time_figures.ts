/**
 * Histograms of times. Only successes count, because the time of a refusal
 * means something else.
 *
 * @module
 */

import type { TimedName } from "../serve/live_connection.ts";
import { CLASS_ENDS, type TimeCounts } from "../observe/time_classes.ts";
import type { Labels } from "./figure.ts";
import type { ThreadFigures } from "./thread_figures.ts";

/** One line of a histogram. */
export interface HistogramLine {
  /** Name with the suffix `_bucket`, `_sum` or `_count`. */
  metricName: string;
  /** The upper end of a class, in seconds. */
  labels: Labels;
  /** Count, or sum in seconds. */
  value: number;
}

/** A histogram of times. */
export interface TimeFigure {
  /** Its name, by the conventions of Prometheus. */
  name: string;
  /** Its help text. */
  help: string;
  /** Reads it. */
  read(figures: ThreadFigures): HistogramLine[];
}

/** All histograms of times. */
export const TIME_FIGURES: readonly TimeFigure[] = [
  timeFigure(
    "handshake",
    "Time from accepting a connection to its complete request",
  ),
  timeFigure("auth", "Time of successful credential checks"),
  timeFigure("resolve", "Time to resolve a target's name"),
  timeFigure(
    "dial",
    "Time to connect to a target, or to take a pooled connection",
  ),
];

function timeFigure(what: TimedName, help: string): TimeFigure {
  const name = `sluice_${what}_duration_seconds`;
  return {
    name,
    help,
    read({ times }) {
      const counted = times[what];
      return counted === undefined ? [] : linesOf(name, counted);
    },
  };
}

/** Each class counts those below it too. */
function linesOf(name: string, { counts, sum }: TimeCounts): HistogramLine[] {
  let total = 0;
  const classes = counts.map((count, index) => {
    total += count;
    const end = CLASS_ENDS[index];
    const le = end === undefined ? "+Inf" : String(end / 1000);
    return { metricName: `${name}_bucket`, labels: { le }, value: total };
  });
  return [
    ...classes,
    { metricName: `${name}_sum`, labels: {}, value: sum / 1000 },
    { metricName: `${name}_count`, labels: {}, value: total },
  ];
}
