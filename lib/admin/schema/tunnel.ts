/**
 * Schemas of connections.
 *
 * @module
 */

import { z } from "zod";
import { amount as count, known, number, text, time } from "./values.ts";

const kind = z.enum(["proxy", "forward", "echo", "hub"]);

const state = z.enum([
  "handshake",
  "connecting",
  "open",
  "half-closed",
  "closing",
  "ended",
]);

const result = z.enum(["ok", "cut", "refused", "failed", "dropped"]);

const tunnel = z.object({
  id: count.describe("Its number; the program never gives one twice"),
  kind: kind.describe("What its listener is for"),
  listener: text.describe("Where it came in, HOST:PORT or unix:PATH"),
  client: text.describe("Where it came from, HOST:PORT"),
  protocol: text.describe("Empty until it is known"),
  user: known.describe("The user name as sent"),
  target: known.describe("What the client asked for"),
  address: known.describe("What Sluice connected to"),
  via: known.describe("The other proxies on its way"),
  rule: known.describe("The label of the rule that decided"),
  name: known.describe("The name that the client's first bytes show"),
  wouldDeny: known.describe("Why rules that only report would refuse it"),
  state: state.describe("How far it is"),
  startedAt: time.describe("When Sluice accepted it"),
  ageMs: number.describe("Milliseconds since then"),
  sent: count.describe("Bytes to the target"),
  received: count.describe("Bytes to the client"),
});

const listedTunnel = tunnel.extend({
  sentRate: count.describe("Bytes a second to the target"),
  receivedRate: count.describe("Bytes a second to the client"),
}).describe(
  "With its rates since the last request, if that was 1 to 60 seconds ago, or else over its whole life",
);

const closedTunnel = tunnel.extend({
  endedAt: time.describe("When it ended"),
  result: result.describe("How it ended"),
  code: text.describe("Why it ended, by a name that never changes"),
  reason: text.describe("Why it ended, in a few words"),
  endedFirst: z.enum(["client", "target"]).exactOptional()
    .describe("Which side ended first"),
}).describe("An HTTP request is one of its own, with its connection's id");

const silentWorkers = count.describe(
  "Workers without an answer, left out here",
);

const matching = count.describe("How many match the filter");

const group = z.object({
  key: text.describe("The value that they share; empty for none"),
  open: count.describe("Connections that are open"),
  sent: count.describe("Bytes to targets"),
  received: count.describe("Bytes to clients"),
  sentRate: count.describe("Bytes a second to targets"),
  receivedRate: count.describe("Bytes a second to clients"),
});

const tunnelChange = z.tuple([count, count, count, state])
  .describe("Id of a tunnel, bytes sent, bytes received, state");

/** Schemas of connections, by the names in the OpenAPI document. */
export const TUNNEL_SCHEMAS = {
  Tunnel: tunnel,
  ListedTunnel: listedTunnel,
  ClosedTunnel: closedTunnel,
  TunnelChange: tunnelChange,
  Tunnels: z.object({
    tunnels: z.array(listedTunnel).describe("Those that were asked for"),
    total: count.describe("Connections that are open"),
    matching,
    silentWorkers,
  }),
  Group: group,
  Groups: z.object({
    groups: z.array(group)
      .describe("The fastest first, then the largest; 1,000 at most"),
    total: count.describe("How many groups there are"),
    silentWorkers,
  }),
  Closed: z.object({
    closed: z.array(closedTunnel).describe("The oldest first"),
    kept: count.describe("How many Sluice remembers"),
    matching,
    next: text.nullable()
      .describe("`before` of the next, older page; null after the last"),
    silentWorkers,
  }),
  Ended: z.object({
    ended: count.describe("How many connections were ended"),
  }),
};

/** What a listener is for. */
export const KIND: typeof kind = kind;

/** How a connection ended. */
export const RESULT: typeof result = result;
