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
  id: count.describe("Its number, unique while the program runs"),
  kind: kind.describe("Kind of its listener"),
  listener: text.describe("Its listener, HOST:PORT or unix:PATH"),
  client: text.describe("Address of the client, HOST:PORT"),
  protocol: text.describe("Protocol of the client; empty until known"),
  user: known.describe("The user name as sent"),
  target: known.describe("The requested target"),
  address: known.describe("The address that Sluice connected to"),
  via: known.describe("The parent proxies on its way"),
  rule: known.describe("The label of the rule that decided"),
  name: known.describe("The name in the client's first bytes"),
  wouldDeny: known.describe("Why rules in report mode would have refused it"),
  state: state.describe("Its current phase"),
  startedAt: time.describe("When Sluice accepted it"),
  ageMs: number.describe("Milliseconds since the start"),
  sent: count.describe("Bytes to the target"),
  received: count.describe("Bytes to the client"),
});

const listedTunnel = tunnel.extend({
  sentRate: count.describe("Bytes a second to the target"),
  receivedRate: count.describe("Bytes a second to the client"),
}).describe(
  "With rates since the last request, if that was 1 to 60 seconds ago; otherwise over its whole life",
);

const closedTunnel = tunnel.extend({
  endedAt: time.describe("When it ended"),
  result: result.describe("Result"),
  code: text.describe("Why it ended, as a stable name"),
  reason: text.describe("Why it ended, in words"),
  endedFirst: z.enum(["client", "target"]).exactOptional()
    .describe("Which side ended first"),
}).describe("For one HTTP request: it has the id of its connection");

const silentWorkers = count.describe(
  "Number of workers that did not answer; their connections are missing",
);

const matching = count.describe("Number that match the filter");

const group = z.object({
  key: text.describe("The common value; empty if these tunnels have none"),
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
    tunnels: z.array(listedTunnel).describe("The requested part of the list"),
    total: count.describe("Open connections"),
    matching,
    silentWorkers,
  }),
  Group: group,
  Groups: z.object({
    groups: z.array(group)
      .describe("The fastest first, then the largest; at most 1,000"),
    total: count.describe("Number of groups"),
    silentWorkers,
  }),
  Closed: z.object({
    closed: z.array(closedTunnel).describe("The oldest first"),
    kept: count.describe("Number that Sluice remembers"),
    matching,
    next: text.nullable()
      .describe("`before` for the next, older page; null on the last page"),
    silentWorkers,
  }),
  Ended: z.object({
    ended: count.describe("Number of connections that Sluice ended"),
  }),
};

/** What a listener is for. */
export const KIND: typeof kind = kind;

/** How a connection ended. */
export const RESULT: typeof result = result;
