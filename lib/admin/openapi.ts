/**
 * The description of the admin API for programs (OpenAPI 3.1).
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { API_SCHEMAS } from "./schemas.ts";

/** One operation, before what all have is added. */
interface Operation {
  summary: string;
  status?: 200 | 202 | 204;
  schema?: keyof typeof API_SCHEMAS;
  type?: string;
  parameters?: readonly unknown[];
  errors?: readonly number[];
  isOpen?: true;
}

const DESCRIPTION: Readonly<Record<number, string>> = {
  200: "Done",
  202: "Begun",
  204: "Done",
  400: "Not a request that can be understood",
  401: "Without the token",
  403: "From another site, or without X-Sluice-Request: 1",
  404: "There is none",
  405: "Not with that method; Allow says with which",
  413: "With a body that is too large",
  422: "Something stays as it was",
  503: "Not now",
};

/** What changes something has to say that it is no other site's. */
const CONFIRMATION = {
  name: "X-Sluice-Request",
  in: "header",
  required: true,
  schema: { const: "1" },
} as const;

const PATHS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  "/healthz": {
    get: {
      summary: "Whether the program answers",
      type: "text/plain",
      isOpen: true,
    },
  },
  "/readyz": {
    get: {
      summary: "Whether it takes connections: not in a drain",
      type: "text/plain",
      errors: [503],
      isOpen: true,
    },
  },
  "/metrics": {
    get: { summary: "Figures, as Prometheus reads them", type: "text/plain" },
  },
  "/api/openapi.json": { get: { summary: "This document", schema: "Any" } },
  "/api/status": { get: { summary: "The program", schema: "Status" } },
  "/api/tunnels": {
    get: { summary: "Connections that are open", schema: "Tunnels" },
  },
  "/api/tunnels/{id}": {
    delete: {
      summary: "Ends a connection",
      status: 204,
      parameters: [inPath("id", { type: "integer" }), CONFIRMATION],
      errors: [404, 503],
    },
  },
  "/api/closed": {
    get: { summary: "The last connections that ended", schema: "Closed" },
  },
  "/api/refusals": {
    get: {
      summary: "Why connections were refused or failed",
      schema: "Refusals",
    },
  },
  "/api/pools": { get: { summary: "Upstreams of relays", schema: "Pools" } },
  "/api/bans": { get: { summary: "Bans in force", schema: "Bans" } },
  "/api/bans/{key}": {
    delete: {
      summary: "Ends a ban, or an attack on a user name",
      status: 204,
      parameters: [
        inPath("key", { type: "string" }),
        {
          name: "kind",
          in: "query",
          schema: { enum: ["client", "user"], default: "client" },
        },
        CONFIRMATION,
      ],
      errors: [404, 503],
    },
  },
  "/api/history": {
    get: { summary: "Traffic of the last hour", schema: "History" },
  },
  "/api/drain": {
    post: {
      summary: "Accepts no more, and ends the program when all have finished",
      status: 202,
      schema: "Drain",
      parameters: [CONFIRMATION],
    },
  },
  "/api/reload": {
    post: {
      summary: "Reads files again",
      schema: "Reload",
      parameters: [CONFIRMATION],
      errors: [422],
    },
  },
  "/api/config": {
    get: { summary: "The configuration, without secrets", schema: "Any" },
  },
  "/api/events": {
    get: {
      summary:
        "Events `snapshot` (Snapshot), then each second `tick` (Tick), and `history` (HistoryPoint)",
      type: "text/event-stream",
      errors: [503],
    },
  },
};

/** The document. */
export const OPEN_API: Readonly<Record<string, unknown>> = {
  openapi: "3.1.0",
  info: {
    title: "Sluice admin API",
    version: project.version,
    license: { name: "MIT", identifier: "MIT" },
  },
  paths: mapValues(
    PATHS,
    (methods) => mapValues(methods, (operation) => whole(operation)),
  ),
  components: {
    schemas: API_SCHEMAS,
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
};

function whole(operation: Operation): Record<string, unknown> {
  const { errors = [], isOpen, parameters = [], status = 200, summary } =
    operation;
  const failures = [400, ...isOpen ? [] : [401], 403, 405, 413, ...errors];
  const responses = {
    [status]: { description: DESCRIPTION[status], ...contentOf(operation) },
    ...Object.fromEntries(failures.map((code) => [code, failure(code)])),
  };
  return {
    summary,
    parameters,
    // The token is needed where the program was given one.
    ...(isOpen ? {} : { security: [{}, { token: [] }] }),
    responses,
  };
}

function contentOf({ schema, type }: Operation): Record<string, unknown> {
  if (schema !== undefined) return { content: json(schema) };
  return type === undefined ? {} : {
    content: { [type]: { schema: { type: "string" } } },
  };
}

function failure(code: number): Record<string, unknown> {
  return { description: DESCRIPTION[code], content: json("Error") };
}

function json(schema: keyof typeof API_SCHEMAS): Record<string, unknown> {
  const ref = { $ref: `#/components/schemas/${schema}` };
  return { "application/json": { schema: ref } };
}

function inPath(name: string, schema: unknown): unknown {
  return { name, in: "path", required: true, schema };
}

function mapValues<T, R>(
  values: Readonly<Record<string, T>>,
  map: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, map(value)]),
  );
}
