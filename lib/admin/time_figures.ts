/**
 * Histograms of times. Only successes count, because the time of a refusal
 * means something else.
 *
 * @module
 */

import type { TimedName } from "../serve/live_connection.ts";
import { CLASS_ENDS } from "../observe/time_classes.ts";
import type { Figure } from "./figure.ts";

/** All histograms of times. */
export const TIME_FIGURES: readonly Figure[] = [
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

function timeFigure(what: TimedName, help: string): Figure {
  const name = `sluice_${what}_duration_seconds`;
  return {
    kind: "histogram",
    name,
    help,
    read(set, { times }) {
      const counted = times[what];
      if (counted === undefined) return;
      let total = 0;
      for (const [index, count] of counted.counts.entries()) {
        total += count; // Each class counts those below it too.
        const end = CLASS_ENDS[index];
        const le = end === undefined ? "+Inf" : String(end / 1000);
        set({ le }, total, `${name}_bucket`);
      }
      set({}, counted.sum / 1000, `${name}_sum`);
      set({}, total, `${name}_count`);
    },
  };
}
