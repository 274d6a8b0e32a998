/**
 * Schemas of what Sluice remembers of the last day: the history, who used most,
 * and what went wrong.
 *
 * @module
 */

import { z } from "zod";
import { RESULT } from "./tunnel.ts";
import { type RangeName, RANGES } from "../record/ranges.ts";
import { amount as count, number, text } from "./values.ts";

const range = z.enum(Object.keys(RANGES) as RangeName[]);

const rate = (what: string) => number.describe(`${what} a second`);
const latency = (what: string) =>
  number.nullable().describe(`${what}, in milliseconds; null without any`);

/** The series of the history. */
const series = {
  up: rate("Bytes to targets"),
  down: rate("Bytes to clients"),
  opened: rate("New connections"),
  ended: rate("Connections and HTTP requests that ended"),
  failed: rate("Of these, those whose target was not reached"),
  refused: rate("Of these, those that Sluice refused"),
  open: count.describe("Connections that were open at the end"),
  dialP50: latency("Half of all connects took at most this"),
  dialP95: latency("95 of 100 connects took at most this"),
  resolveP50: latency("Half of all lookups took at most this"),
  resolveP95: latency("95 of 100 lookups took at most this"),
  memory: count.describe("Bytes of the process at the end"),
};

const at = count.describe("End of the step, in milliseconds since 1970");

const historyPoint = z.object({ at, ...series });

type Names = keyof typeof series;

/** All values of each series; null is a gap: the program stood still. */
const columns = z.object(
  Object.fromEntries(
    Object.entries(series).map(([name, value]) => [
      name,
      z.array(value.nullable()),
    ]),
  ) as { [N in Names]: z.ZodArray<z.ZodNullable<z.ZodNumber>> },
);

const span = {
  range: range.describe("What was asked for"),
  from: count.describe(
    "Begin of what the figures cover, in milliseconds since 1970",
  ),
  to: count.describe("End of it"),
};

const error = count.describe("How much of that may be too much");

const talker = z.object({
  key: text.describe("The user, client, target or rule"),
  bytes: count.describe("Bytes both ways, at most"),
  bytesError: error,
  connections: count.describe("Connections and HTTP requests, at most"),
  connectionsError: error,
});

const frequency = {
  count: count.describe("How often, at most"),
  error,
};

const times = z.object({
  count: count.describe("How many were measured; only successes are"),
  p50: latency("Half took at most this"),
  p95: latency("95 of 100 took at most this"),
});

/** Schemas of the last day, by the names in the OpenAPI document. */
export const INSIGHT_SCHEMAS = {
  HistoryPoint: historyPoint,
  History: z.object({
    ...span,
    stepMs: count.describe("Milliseconds between two points"),
    startedAt: count.describe("When the program started: nothing is older"),
    at: z.array(at).describe("The oldest first"),
    series: columns.describe(
      "A value for each time; null where the program stood still, and for latencies without any",
    ),
  }),
  Talker: talker,
  Talkers: z.object({
    ...span,
    bytes: count.describe("Bytes of all connections"),
    connections: count.describe("All connections and HTTP requests that ended"),
    talkers: z.array(talker).describe("The largest first"),
  }),
  Times: times,
  Failures: z.object({
    ...span,
    ended: count.describe("Connections and HTTP requests that ended"),
    results: z.object({
      ok: count,
      cut: count,
      refused: count,
      failed: count,
      dropped: count,
    }).describe("How they ended"),
    share: number.describe(
      "Those that were refused or failed, of all that ended: 0 to 1",
    ),
    dial: times.describe("Time for connecting to targets"),
    resolve: times.describe("Time for finding addresses of targets"),
    reasons: z.array(z.object({
      result: RESULT,
      code: text.describe("`code:` in a filter finds them"),
      text: text.describe("What the code means"),
      ...frequency,
    })).describe("Why, for each result but `ok`; the most frequent first"),
    rules: z.array(z.object({
      rule: text.describe("Label of a rule, `guard` or `default`"),
      ...frequency,
    })).describe("Which rules refused; the most frequent first"),
    targets: z.array(z.object({ target: text, ...frequency }))
      .describe("Targets that were not reached; the most frequent first"),
  }),
};

/** A span of time that figures can cover. */
export const RANGE: typeof range = range;
