/**
 * The endpoints of the admin listener besides the page. Its routes, its OpenAPI
 * document and the page's calls all come from this table.
 *
 * @module
 */

import type { SCHEMAS, Shape } from "./api.ts";
import type { PARAMETERS } from "./schema/parameters.ts";

/** An endpoint: one method of a path. */
export interface ApiEndpoint {
  /** Short description. */
  readonly summary: string;
  /** Schema of a JSON answer. */
  readonly schema?: keyof typeof SCHEMAS;
  /** Media type of an answer that is not JSON. */
  readonly type?: "text/plain" | "text/event-stream" | "text/csv";
  /** Status of its success (default 200). */
  readonly status?: 200 | 202 | 204;
  /** Further error statuses (default none). */
  readonly errors?: readonly (404 | 409 | 422 | 503)[];
  /**
   * Whether it takes parameters (default false). Rarely means that a request
   * without a query loads no schema.
   */
  readonly takes?: true | "rarely";
  /** Whether no other node of a fleet can be asked for it (default false). */
  readonly isLocal?: true;
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
    summary: "Whether it accepts connections: no during a drain",
    type: "text/plain",
    errors: [503],
    isOpen: true,
  },
  "GET /metrics": {
    summary: "Figures for Prometheus",
    type: "text/plain",
    takes: "rarely",
  },
  "GET /api/openapi.json": {
    summary: "This document",
    schema: "Any",
    isLocal: true,
  },
  "GET /api/fleet": {
    summary: "The machines that count together",
    schema: "Fleet",
    errors: [404, 503],
    isLocal: true,
  },
  "GET /api/status": { summary: "The program", schema: "Status" },
  "GET /api/tunnels": {
    summary: "Open connections",
    schema: "Tunnels",
    takes: true,
  },
  "DELETE /api/tunnels": {
    summary: "Ends all connections that match a filter",
    schema: "Ended",
    errors: [409, 503],
    takes: true,
  },
  "DELETE /api/tunnels/{id}": {
    summary: "Ends a connection",
    status: 204,
    errors: [404, 503],
    takes: true,
  },
  "GET /api/groups": {
    summary: "Open connections by user, client, target or rule",
    schema: "Groups",
    takes: true,
  },
  "GET /api/closed": {
    summary: "Recently ended connections",
    schema: "Closed",
    takes: true,
  },
  "GET /api/export": {
    summary: "All connections that match a filter, as a file",
    type: "text/csv",
    takes: true,
  },
  "GET /api/refusals": {
    summary: "Why connections were refused or failed",
    schema: "Refusals",
  },
  "GET /api/pools": { summary: "Upstreams of relays", schema: "Pools" },
  "GET /api/bans": { summary: "Bans in force", schema: "Bans" },
  "POST /api/bans": {
    summary: "Bans a client and ends its connections",
    schema: "Banned",
    errors: [503],
    takes: true,
  },
  "DELETE /api/bans/{key}": {
    summary: "Lifts a ban, or ends an attack on a user name",
    status: 204,
    errors: [404, 503],
    takes: true,
  },
  "GET /api/history": {
    summary: "Figures of the last minutes, hour or day",
    schema: "History",
    takes: true,
  },
  "GET /api/talkers": {
    summary: "The heaviest users, clients, targets or rules",
    schema: "Talkers",
    takes: true,
  },
  "GET /api/failures": {
    summary: "Failures and refusals: how often and why",
    schema: "Failures",
    takes: true,
  },
  "POST /api/drain": {
    summary:
      "Stops accepting, and ends the program when all connections have closed",
    status: 202,
    schema: "Drain",
  },
  "POST /api/reload": {
    summary: "Reloads the files",
    schema: "Reload",
    errors: [422],
  },
  "GET /api/config": {
    summary: "The configuration, without secrets",
    schema: "Any",
  },
  "GET /api/events": {
    summary:
      "Events: first `snapshot` (Snapshot), then `tick` (Tick) each second and `history` (HistoryPoint); `end` when the program ends",
    type: "text/event-stream",
    errors: [503],
  },
} as const satisfies Readonly<Record<`${HttpMethod} /${string}`, ApiEndpoint>>;

/** Methods of endpoints. */
export type HttpMethod = "GET" | "POST" | "DELETE";

/** A method and a path, such as `GET /api/status`. */
export type Operation = keyof typeof ENDPOINTS;

/** Answer of an operation: JSON by its schema, or nothing. */
export type AnswerOf<O extends Operation> = (typeof ENDPOINTS)[O] extends
  { schema: infer Name extends keyof typeof SCHEMAS } ? Shape<Name> : void;

/** Parameters of an operation, from the path and the query. */
export type ParametersOf<O extends Operation> = O extends
  keyof typeof PARAMETERS ? (typeof PARAMETERS)[O]["_zod"]["output"] : unknown;

/** An operation with anything for the name at the end of its path. */
export type WithoutName<O extends Operation> = O extends
  `${infer Before}{${string}` ? `${Before}${string}`
  : O;

/** What calls answer, by method and path with their parameters filled in. */
export type Calls = {
  [
    O in Operation as
      | WithoutName<O>
      | (O extends keyof typeof PARAMETERS ? `${WithoutName<O>}?${string}`
        : never)
      // Another node of the fleet is asked.
      | `${WithoutName<O>}?node=${string}`
  ]: AnswerOf<O>;
};

/** Header that every changing request must have, with the value 1. */
export const REQUEST_HEADER = "X-Sluice-Request";
