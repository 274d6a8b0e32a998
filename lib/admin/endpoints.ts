/**
 * The endpoints of the admin listener besides the page. Its routes, its OpenAPI
 * document and the page's calls all come from this table.
 *
 * @module
 */

import type { PARAMETERS, SCHEMAS, Shape } from "./api.ts";

/** An endpoint: one method of a path. */
export interface ApiEndpoint {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Schema of its answer, if that is JSON. */
  readonly schema?: keyof typeof SCHEMAS;
  /** Media type of its answer, if that is not JSON. */
  readonly type?: "text/plain" | "text/event-stream";
  /** Status of its success (default 200). */
  readonly status?: 200 | 202 | 204;
  /** Further error statuses (default none). */
  readonly errors?: readonly (404 | 422 | 503)[];
  /** Whether it needs no token (default false). */
  readonly isOpen?: true;
}

/**
 * All endpoints by method and path. GET includes HEAD; `{…}` at the end of a
 * path is a parameter.
 */
export const ENDPOINTS = {
  "GET /healthz": {
    summary: "Whether the program answers",
    type: "text/plain",
    isOpen: true,
  },
  "GET /readyz": {
    summary: "Whether it takes connections: not during a drain",
    type: "text/plain",
    errors: [503],
    isOpen: true,
  },
  "GET /metrics": { summary: "Figures for Prometheus", type: "text/plain" },
  "GET /api/openapi.json": { summary: "This document", schema: "Any" },
  "GET /api/status": { summary: "The program", schema: "Status" },
  "GET /api/tunnels": {
    summary: "Connections that are open",
    schema: "Tunnels",
  },
  "DELETE /api/tunnels/{id}": {
    summary: "Ends a connection",
    status: 204,
    errors: [404, 503],
  },
  "GET /api/closed": {
    summary: "The last connections that ended",
    schema: "Closed",
  },
  "GET /api/refusals": {
    summary: "Why connections were refused or failed",
    schema: "Refusals",
  },
  "GET /api/pools": { summary: "Upstreams of relays", schema: "Pools" },
  "GET /api/bans": { summary: "Bans in force", schema: "Bans" },
  "DELETE /api/bans/{key}": {
    summary: "Lifts a ban, or ends an attack on a user name",
    status: 204,
    errors: [404, 503],
  },
  "GET /api/history": {
    summary: "Traffic of the last hour",
    schema: "History",
  },
  "POST /api/drain": {
    summary: "Accepts no more, and ends the program when all have finished",
    status: 202,
    schema: "Drain",
  },
  "POST /api/reload": {
    summary: "Reads files again",
    schema: "Reload",
    errors: [422],
  },
  "GET /api/config": {
    summary: "The configuration, without secrets",
    schema: "Any",
  },
  "GET /api/events": {
    summary:
      "Events `snapshot` (Snapshot), then each second `tick` (Tick), and `history` (HistoryPoint)",
    type: "text/event-stream",
    errors: [503],
  },
} as const satisfies Readonly<Record<`${HttpMethod} /${string}`, ApiEndpoint>>;

/** Methods of endpoints. */
export type HttpMethod = "GET" | "POST" | "DELETE";

/** A method and a path that has it. */
export type Operation = keyof typeof ENDPOINTS;

/** What an operation answers with: JSON of its schema, or nothing. */
export type AnswerOf<O extends Operation> = (typeof ENDPOINTS)[O] extends
  { schema: infer Name extends keyof typeof SCHEMAS } ? Shape<Name> : void;

/** What an operation takes from the path and the query. */
export type ParametersOf<O extends Operation> = O extends
  keyof typeof PARAMETERS ? (typeof PARAMETERS)[O]["_zod"]["output"] : unknown;

/** What calls answer, by method and path with their parameters filled in. */
export type Calls = {
  [
    O in Operation as O extends `${infer Before}{${string}`
      ? `${Before}${string}`
      : O
  ]: AnswerOf<O>;
};

/** Header that every changing request must have, with the value 1. */
export const REQUEST_HEADER = "X-Sluice-Request";
