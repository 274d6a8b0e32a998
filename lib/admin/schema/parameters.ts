/**
 * Parameters of operations, from their path and query.
 *
 * @module
 */

import { z } from "zod";
import { DIMENSIONS } from "../client/dimensions.ts";
import { RANGE } from "./insight.ts";

/** Most tunnels in one answer. */
export const MOST_LISTED = 20_000;

/** Most ended tunnels in one answer. */
const MOST_PAGE = 2_000;

/** The columns by which open tunnels can be sorted. */
const COLUMNS = [
  ...["id", "client", "user", "target", "protocol", "rule", "state"],
  ...["age", "sent", "received", "sentRate", "receivedRate", "rate"],
] as const;

const filter = z.string({ error: "filter says which tunnels: user=alice" })
  .describe("Words as in the filter of the page, for example user=alice");

const range = oneOf(RANGE, "range").default("1h")
  .describe("The last 5 minutes, hour or day");

const by = oneOf(z.enum(DIMENSIONS), "by");

/** Parameters by operation. */
export const PARAMETERS = {
  "GET /metrics": z.strictObject({
    fleet: z.literal("1", { error: "fleet is 1, or missing" }).optional()
      .describe("Adds figures of all nodes of the fleet"),
  }),
  "GET /api/tunnels": z.strictObject({
    filter: filter.default(""),
    sort: z.string().regex(
      new RegExp(`^-?(?:${COLUMNS.join("|")})$`),
      {
        error: `sort is one of ${
          COLUMNS.join(", ")
        }, with - in front for the reverse`,
      },
    ).default("id").describe(
      "Column to sort by; with - in front the largest first",
    ),
    offset: wholeNumber("offset", 0, MOST_LISTED).default(0)
      .describe("Number of tunnels to skip"),
    limit: wholeNumber("limit", 0, MOST_LISTED).default(MOST_LISTED)
      .describe("Most tunnels in the answer; 0 only counts"),
  }),
  "GET /api/groups": z.strictObject({
    by: by.default("user").describe("What to group by"),
    filter: filter.default(""),
  }),
  "GET /api/closed": z.strictObject({
    filter: filter.default(""),
    before: z.string().regex(/^\d{1,16}-\d{1,5}-\d{1,16}$/, {
      error: "before must be `next` of an earlier answer",
    }).optional().describe("`next` of the last answer, to get older ones"),
    limit: wholeNumber("limit", 1, MOST_PAGE).default(500)
      .describe("Most connections in the answer"),
  }),
  "GET /api/export": z.strictObject({
    list: oneOf(z.enum(["tunnels", "closed"]), "list").default("closed")
      .describe("Open or ended connections"),
    format: oneOf(z.enum(["csv", "json"]), "format").default("csv")
      .describe("File format"),
    filter: filter.default(""),
  }),
  "GET /api/history": z.strictObject({ range }),
  "GET /api/talkers": z.strictObject({
    range,
    by: by.default("user").describe("What to rank"),
    order: oneOf(z.enum(["bytes", "connections"]), "order").default("bytes")
      .describe("What to rank by"),
    limit: wholeNumber("limit", 1, 1_000).default(20)
      .describe("Most talkers in the answer"),
  }),
  "GET /api/failures": z.strictObject({ range }),
  "DELETE /api/tunnels": z.strictObject({
    filter: filter.refine((text) => text.trim() !== "", {
      error: "The filter is empty; use -id:0 to match all",
    }),
    expect: wholeNumber("expect", 0, 10_000_000).describe(
      "Expected number, from `matching` of GET /api/tunnels; if more match now, none ends",
    ),
  }),
  "DELETE /api/tunnels/{id}": z.strictObject({
    id: z.string().regex(/^[1-9]\d{0,14}$/, {
      error: ({ input }) => `No tunnel ${String(input).slice(0, 40)}`,
    }).transform(Number).pipe(z.int().min(0)),
  }),
  "POST /api/bans": z.strictObject({
    client: z.string({ error: "client is required: the address to ban" })
      .describe("An address; for IPv6 the ban covers its /64"),
    for: z.string().default("1h").describe(
      "Duration, such as 10m, 1h or 7d; at most 365d",
    ),
  }),
  "DELETE /api/bans/{key}": z.strictObject({
    key: z.string(),
    kind: z.enum(["client", "user"], {
      error: "kind must be client or user",
    }).default("client"),
  }),
};

/** A whole number, given as text in a query. */
function wholeNumber(name: string, least: number, most: number) {
  const error = `${name} is a whole number from ${least} to ${most}`;
  return z.string({ error }).regex(/^\d{1,15}$/, { error }).transform(Number)
    .pipe(z.int({ error }).min(least, { error }).max(most, { error }));
}

function oneOf<T extends Readonly<Record<string, string>>>(
  choice: z.ZodEnum<T>,
  name: string,
): z.ZodEnum<T> {
  const values = choice.options.join(", ");
  return z.enum(choice.enum, { error: `${name} is one of ${values}` });
}
