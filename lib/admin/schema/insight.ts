/**
 * Schemas of the record of the last day: history, top talkers and failures.
 *
 * @module
 */

import { z } from "zod";
import { RESULT } from "./tunnel.ts";
import { type RangeName, RANGES } from "../client/ranges.ts";
import { amount as count, number, text } from "./values.ts";

const range = z.enum(Object.keys(RANGES) as RangeName[]);

const rate = (what: string) => number.describe(`${what} a second`);
const latency = (what: string) =>
  number.nullable().describe(
    `${what}, in milliseconds; null if none succeeded`,
  );

/** The series of the history. */
const series = {
  up: rate("Bytes to targets"),
  down: rate("Bytes to clients"),
  opened: rate("New connections"),
  ended: rate("Ended connections and HTTP requests"),
  failed: rate("Of these, those whose target Sluice could not reach"),
  refused: rate("Of these, those that Sluice refused"),
  open: count.describe("Connections open at the end"),
  dialP50: latency("Median time of successful connects"),
  dialP95: latency("95th percentile of successful connects"),
  resolveP50: latency("Median time of successful lookups"),
  resolveP95: latency("95th percentile of successful lookups"),
  memory: count.describe("Resident memory in bytes at the end"),
};

const at = count.describe("End of the step, in milliseconds since 1970");

const historyPoint = z.object({ at, ...series });

type Names = keyof typeof series;

/**
 * All values of each series; null is a gap, in which the program was suspended.
 */
const columns = z.object(
  Object.fromEntries(
    Object.entries(series).map(([name, value]) => [
      name,
      z.array(value.nullable()),
    ]),
  ) as { [N in Names]: z.ZodArray<z.ZodNullable<z.ZodNumber>> },
);

const span = {
  range: range.describe("The requested range"),
  from: count.describe(
    "Start of the period covered, in milliseconds since 1970",
  ),
  to: count.describe("End of the period covered"),
};

const error = count.describe("How much too large the figure may be");

const talker = z.object({
  key: text.describe("The user, client, target or rule"),
  bytes: count.describe("Bytes in both directions; an upper limit"),
  bytesError: error,
  connections: count.describe("Connections and HTTP requests; an upper limit"),
  connectionsError: error,
});

const frequency = {
  count: count.describe("Number; an upper limit"),
  error,
};

const times = z.object({
  count: count.describe("Number of successful operations measured"),
  p50: latency("Median"),
  p95: latency("95th percentile"),
});

/** Schemas of the last day, by the names in the OpenAPI document. */
export const INSIGHT_SCHEMAS = {
  HistoryPoint: historyPoint,
  History: z.object({
    ...span,
    stepMs: count.describe("Milliseconds between two points"),
    startedAt: count.describe(
      "When the program started, and the history begins",
    ),
    at: z.array(at).describe("The oldest first"),
    series: columns.describe(
      "A value for each time; null where the program stood still, or if nothing was measured",
    ),
  }),
  Talker: talker,
  Talkers: z.object({
    ...span,
    bytes: count.describe("Bytes of all connections"),
    connections: count.describe("All ended connections and HTTP requests"),
    talkers: z.array(talker).describe("The largest first"),
  }),
  Times: times,
  Failures: z.object({
    ...span,
    ended: count.describe("Ended connections and HTTP requests"),
    results: z.object({
      ok: count,
      cut: count,
      refused: count,
      failed: count,
      dropped: count,
    }).describe("Number of ends by result"),
    share: number.describe(
      "Share of ended connections that were refused or failed, 0 to 1",
    ),
    dial: times.describe("Time to connect to targets"),
    resolve: times.describe("Time to resolve targets"),
    reasons: z.array(z.object({
      result: RESULT,
      code: text.describe("Code for the filter, as in `code:quota`"),
      text: text.describe("What the code means"),
      ...frequency,
    })).describe(
      "Reasons for each result except `ok`, the most frequent first",
    ),
    rules: z.array(z.object({
      rule: text.describe("Label of a rule, `guard` or `default`"),
      ...frequency,
    })).describe("Rules that refused, the most frequent first"),
    targets: z.array(z.object({ target: text, ...frequency }))
      .describe("Targets that Sluice could not reach, the most frequent first"),
  }),
};

/** A span of time that figures can cover. */
export const RANGE: typeof range = range;
