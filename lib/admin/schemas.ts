/**
 * What the admin API answers with, as JSON Schema: the same that `admin_api.ts`
 * says in types.
 *
 * @module
 */

import { TUNNEL_STATES } from "./api.ts";

type Schema = Readonly<Record<string, unknown>>;

const TEXT = { type: "string" } as const;
const TIME = { type: "string", format: "date-time" } as const;
const COUNT = { type: "integer", minimum: 0 } as const;
const NUMBER = { type: "number" } as const;
const BOOLEAN = { type: "boolean" } as const;
const COUNT_OR_NONE = { type: ["integer", "null"] } as const;
const KIND = { enum: ["proxy", "forward", "echo", "hub"] } as const;
const END = { enum: ["client", "target"] } as const;
const RESULT = { enum: ["ok", "cut", "refused", "failed", "dropped"] } as const;

const TUNNEL = {
  id: COUNT,
  kind: KIND,
  listener: TEXT,
  client: TEXT,
  protocol: TEXT,
  state: { enum: TUNNEL_STATES },
  startedAt: TIME,
  ageMs: NUMBER,
  sent: COUNT,
  received: COUNT,
};

const KNOWN = {
  user: TEXT,
  target: TEXT,
  address: TEXT,
  via: TEXT,
  rule: TEXT,
  name: TEXT,
  wouldDeny: TEXT,
};

const POINT = {
  at: COUNT,
  up: NUMBER,
  down: NUMBER,
  opened: NUMBER,
  open: COUNT,
};

const CHANGING = {
  draining: { anyOf: [{ const: false }, ref("Drain")] },
  open: COUNT,
  total: COUNT,
  sent: COUNT,
  received: COUNT,
  eventLoopDelayMs: NUMBER,
};

/** Schemas by name, as they refer to each other. */
export const API_SCHEMAS = {
  Any: {},
  Error: object({ error: object({ code: TEXT, message: TEXT }) }),
  Tunnel: object(TUNNEL, KNOWN),
  ListedTunnel: object(
    { ...TUNNEL, sentRate: COUNT, receivedRate: COUNT },
    KNOWN,
  ),
  ClosedTunnel: object(
    { ...TUNNEL, endedAt: TIME, result: RESULT, reason: TEXT },
    { ...KNOWN, endedFirst: END },
  ),
  Tunnels: object({
    tunnels: list("ListedTunnel"),
    total: COUNT,
    silentWorkers: COUNT,
  }),
  Closed: object({ closed: list("ClosedTunnel") }),
  Drain: object({ until: { type: ["string", "null"] }, open: COUNT }),
  Listener: object({ name: TEXT, kind: KIND, isPublic: BOOLEAN, open: COUNT }),
  Status: object({
    version: TEXT,
    startedAt: TIME,
    uptimeMs: COUNT,
    listeners: list("Listener"),
    memory: object({ rss: COUNT, heap: COUNT }),
    descriptors: object({ open: COUNT_OR_NONE, limit: COUNT_OR_NONE }),
    ...CHANGING,
  }, { workers: list("Worker") }),
  Worker: object({
    worker: COUNT,
    isSilent: BOOLEAN,
    open: COUNT,
    heap: COUNT,
    eventLoopDelayMs: NUMBER,
  }),
  Refusal: object({ reason: TEXT, count: COUNT }),
  Refusals: object({ refusals: list("Refusal") }),
  Pool: object({
    upstream: TEXT,
    listener: TEXT,
    isUp: BOOLEAN,
    idle: COUNT,
    waiting: COUNT,
    hits: COUNT,
    misses: COUNT,
    opened: COUNT,
    evicted: object({
      ended: COUNT,
      spoke: COUNT,
      idle: COUNT,
      aged: COUNT,
      full: COUNT,
      restart: COUNT,
      closed: COUNT,
    }),
    connections: COUNT,
  }),
  Pools: object({ pools: list("Pool") }),
  Ban: object({
    key: TEXT,
    kind: { enum: ["client", "user"] },
    until: TIME,
    failures: COUNT,
  }),
  Bans: object({ bans: list("Ban") }),
  HistoryPoint: object(POINT),
  History: object({ stepMs: COUNT, points: list("HistoryPoint") }),
  Reload: object({ reloaded: { type: "array", items: TEXT } }),
  Snapshot: object({ status: ref("Status"), tunnels: list("Tunnel") }),
  Tick: object({
    at: COUNT,
    status: object(CHANGING),
    opened: list("Tunnel"),
    closed: list("ClosedTunnel"),
    changed: {
      type: "array",
      items: {
        type: "array",
        prefixItems: [COUNT, COUNT, COUNT, { enum: TUNNEL_STATES }],
      },
    },
    gone: { type: "array", items: COUNT },
  }),
} as const satisfies Readonly<Record<string, Schema>>;

/** An object with nothing else in it. */
function object(fields: Schema, others: Schema = {}): Schema {
  return {
    type: "object",
    properties: { ...fields, ...others },
    required: Object.keys(fields),
    additionalProperties: false,
  };
}

function list(name: string): Schema {
  return { type: "array", items: ref(name) };
}

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
