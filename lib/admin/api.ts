/**
 * The parameters and answers of the admin API. These zod schemas are the only
 * source of its types, checks and OpenAPI document, and of the page's types.
 *
 * Import only types from here where you can: loading this module loads zod,
 * which takes 8 MB. The program does so when a request has parameters, or asks
 * for the document.
 *
 * Nothing here is escaped: names, reasons and targets may contain anything that
 * a client sent. Show them as text.
 *
 * @module
 */

import { z } from "zod";
import { FLEET_ROLES } from "../serve/counts/fleet_nodes.ts";
import { type AdminErrorCode, ERROR_STATUS } from "./error.ts";
import { INSIGHT_SCHEMAS } from "./schema/insight.ts";
import { KIND, TUNNEL_SCHEMAS } from "./schema/tunnel.ts";
import { amount as count, number, text, time } from "./schema/values.ts";

const {
  ClosedTunnel: closedTunnel,
  Tunnel: tunnel,
  TunnelChange: tunnelChange,
} = TUNNEL_SCHEMAS;
const open = count.describe("Connections that are open");
const delay = number.describe("Longest recent delay, in milliseconds");

const errorCode = z.enum(Object.keys(ERROR_STATUS) as AdminErrorCode[]);

const drain = z.object({
  until: time.nullable().describe(
    "When Sluice cuts the remaining connections; null: never",
  ),
  open,
});

const listener = z.object({
  name: text.describe("HOST:PORT or unix:PATH"),
  kind: KIND,
  isPublic: z.boolean().describe("Whether other machines can reach it"),
  isDraining: z.boolean()
    .describe(
      "Whether it is being removed: it closes with its last connection",
    ),
  open,
});

const worker = z.object({
  worker: count.describe("Its number"),
  isSilent: z.boolean().describe(
    "Whether it does not answer; its figures are then the last known ones",
  ),
  open,
  heap: count.describe("Bytes of its heap in use"),
  eventLoopDelayMs: delay,
});

const changingStatus = z.object({
  draining: z.union([z.literal(false), drain]),
  open,
  total: count.describe("Connections since the start"),
  sent: count.describe("Bytes to targets since the start"),
  received: count.describe("Bytes to clients since the start"),
  eventLoopDelayMs: delay,
});

const status = changingStatus.extend({
  version: text.describe("Version of Sluice"),
  host: text.nullable()
    .describe("Name of the machine; null if Deno may not read it"),
  node: text.nullable().describe(
    "Name of this node in a fleet; null outside one",
  ),
  startedAt: time.describe("When the program started"),
  uptimeMs: count.describe("Milliseconds since the start"),
  listeners: z.array(listener).describe("In the order of the command line"),
  memory: z.object({ rss: count, heap: count }).describe("Bytes in use"),
  descriptors: z.object({ open: count.nullable(), limit: count.nullable() })
    .describe("File descriptors; null if unknown"),
  workers: z.array(worker).exactOptional()
    .describe("The worker threads, if there are several"),
});

const refusal = z.object({
  reason: text.describe(
    "One of a fixed set, such as rule, guard, quota or timeout",
  ),
  count: count.describe("Number since the start"),
});

const pool = z.object({
  upstream: text.describe("Name of the upstream"),
  listener: text.describe("Listener of the relay"),
  isUp: z.boolean().describe("Whether it gets connections"),
  idle: count.describe("Idle connections, ready for use"),
  waiting: count.describe("Clients that wait for a connection"),
  hits: count.describe("Clients that got a ready connection"),
  misses: count.describe("Clients that had to wait for a new connection"),
  opened: count.describe("Connections opened, for clients or for the pool"),
  evicted: z.object({
    ended: count,
    spoke: count,
    idle: count,
    aged: count,
    full: count,
    restart: count,
    closed: count,
  }).describe("Idle connections discarded, by reason"),
  connections: count.describe("Connections in use by clients"),
});

const ban = z.object({
  key: text.describe("An address, a /64 of IPv6, or a user name"),
  kind: z.enum(["client", "user"])
    .describe(
      "For user: the name is under attack, so one wrong password bans a client",
    ),
  until: time.describe("When it ends"),
  failures: count.describe(
    "Failures that led to it; 0 for a ban by an operator",
  ),
});

const node = z.object({
  id: text.describe("New at every start"),
  node: text.describe("Its name"),
  role: z.enum(FLEET_ROLES).describe("Whether it may act on others"),
  isAnswering: z.boolean()
    .describe(
      "Whether the parameter node reaches it: it has an admin listener",
    ),
  isDraining: z.boolean(),
  isLost: z.boolean().describe("Whether it was not heard of for 5 s"),
  silentMs: count.describe("Milliseconds since it was heard of"),
  version: text,
  startedAt: time,
  open,
  totals: z.object({
    connections: count,
    sent: count.describe("Bytes to targets"),
    received: count.describe("Bytes to clients"),
  }).optional().describe("Since its start; older versions may not tell them"),
  up: count.optional().describe("Bytes a second to targets"),
  down: count.optional().describe("Bytes a second to clients"),
  load: number.describe("Processors in use"),
});

/** What the API answers, by the names in the OpenAPI document. */
export const SCHEMAS = {
  Any: z.unknown(),
  Time: time,
  Error: z.object({
    error: z.object({
      code: errorCode.describe("What went wrong, for programs"),
      message: text.describe("What went wrong, for people"),
    }),
  }),
  ...TUNNEL_SCHEMAS,
  ...INSIGHT_SCHEMAS,
  Drain: drain,
  Listener: listener,
  Worker: worker,
  Status: status,
  Refusal: refusal,
  Refusals: z.object({
    refusals: z.array(refusal).describe("The most frequent first"),
  }),
  Pool: pool,
  Pools: z.object({ pools: z.array(pool).describe("One for each upstream") }),
  Ban: ban,
  Banned: z.object({
    ban,
    ended: count.describe(
      "Number of the client's connections that Sluice ended",
    ),
  }),
  Bans: z.object({
    bans: z.array(ban).describe("The one that lasts longest first"),
  }),
  Node: node,
  Fleet: z.object({
    node: text.describe("Name of the node that answers"),
    role: z.enum(FLEET_ROLES),
    nodes: z.array(node).describe("Sorted by name; 1,000 at most"),
  }),
  Reload: z.object({
    reloaded: z.array(text).describe("The reloaded files"),
  }),
  Snapshot: z.object({ status, tunnels: z.array(tunnel) }),
  Tick: z.object({
    at: count.describe("Time of the event, in milliseconds since 1970"),
    status: changingStatus,
    opened: z.array(tunnel).describe(
      "New tunnels, and known ones with new facts: replace by id",
    ),
    closed: z.array(closedTunnel).describe(
      "Ended since the last tick; at most 500",
    ),
    changed: z.array(tunnelChange).describe(
      "Tunnels with new bytes or a new state",
    ),
    gone: z.array(count).describe("Ids of connections that are no longer open"),
  }),
};

/**
 * The type that a schema describes: `z.infer`, in a form that `deno doc`
 * accepts.
 */
export type Shape<N extends keyof typeof SCHEMAS> =
  (typeof SCHEMAS)[N]["_zod"]["output"];

/** A connection that is open. */
export type Tunnel = Shape<"Tunnel">;
/** An open connection with its rates. */
export type ListedTunnel = Shape<"ListedTunnel">;
/** A connection that has ended, or one HTTP request of it. */
export type ClosedTunnel = Shape<"ClosedTunnel">;
/** `GET /api/tunnels` */
export type TunnelsAnswer = Shape<"Tunnels">;
/** A drain that has begun. */
export type Drain = Shape<"Drain">;
/** A listener of the server. */
export type ListenerStatus = Shape<"Listener">;
/** A thread of the program that takes connections. */
export type WorkerStatus = Shape<"Worker">;
/** `GET /api/status` */
export type Status = Shape<"Status">;
/** A reason of refusals, and its count. */
export type RefusalCount = Shape<"Refusal">;
/** The pool of one upstream of a relay. */
export type PoolStatus = Shape<"Pool">;
/** A ban that is in force. */
export type BanStatus = Shape<"Ban">;
/** One step of the history. */
export type HistoryPoint = Shape<"HistoryPoint">;
/** `GET /api/history` */
export type HistoryAnswer = Shape<"History">;
/** `GET /api/talkers` */
export type TalkersAnswer = Shape<"Talkers">;
/** `GET /api/failures` */
export type FailuresAnswer = Shape<"Failures">;
/** Open connections with one user, client, target or rule. */
export type TunnelGroup = Shape<"Group">;
/** `GET /api/groups` */
export type GroupsAnswer = Shape<"Groups">;
/** `GET /api/closed` */
export type ClosedAnswer = Shape<"Closed">;
/** `POST /api/bans` */
export type BannedAnswer = Shape<"Banned">;
/** A machine of a fleet. */
export type NodeStatus = Shape<"Node">;
/** `GET /api/fleet` */
export type FleetAnswer = Shape<"Fleet">;
/** `POST /api/reload` */
export type ReloadAnswer = Shape<"Reload">;
/** The body of every failure. */
export type AdminErrorAnswer = Shape<"Error">;
/** `event: snapshot` of `GET /api/events`, the first. */
export type SnapshotEvent = Shape<"Snapshot">;
/** A change of a tunnel: its id, bytes sent and received, its state. */
export type TunnelChange = Shape<"TunnelChange">;
/** `event: tick` of `GET /api/events`, each second. */
export type TickEvent = Shape<"Tick">;
/** The part of the status that changes from moment to moment. */
export type ChangingStatus = TickEvent["status"];
