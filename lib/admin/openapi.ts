/**
 * The OpenAPI 3.1 document of the admin API.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import { type ApiEndpoint, ENDPOINTS, REQUEST_HEADER } from "./endpoints.ts";
import { API_SCHEMAS, parametersOf, schemaAt } from "./schemas.ts";

const DESCRIPTION: Readonly<Record<number, string>> = {
  200: "Done",
  202: "Begun",
  204: "Done",
  400: "The request is malformed",
  401: "The token is missing or wrong",
  403: "The request comes from another site, or lacks X-Sluice-Request: 1",
  404: "No such path, or nothing with that name",
  405: "The path does not support this method; see Allow",
  409: "More match than expected; Sluice ended nothing",
  413: "The body is too large",
  422: "The reload failed; the old settings stay in force",
  503: "Not now",
};

/** Error statuses of every operation. */
const FAILURES = [400, 403, 405, 413] as const;

/** Changing requests must prove that they do not come from another site. */
const CONFIRMATION = {
  name: REQUEST_HEADER,
  in: "header",
  required: true,
  schema: { const: "1" },
} as const;

/** Another node of the fleet answers in place of this one. */
const NODE = {
  name: "node",
  in: "query",
  required: false,
  description: "Name or id of the node of the fleet to ask",
  schema: { type: "string" },
} as const;

/** The document. */
export const OPEN_API: Readonly<Record<string, unknown>> = {
  openapi: "3.1.0",
  info: {
    title: "Sluice admin API",
    version: PROGRAM_VERSION,
    license: { name: "MIT", identifier: "MIT" },
  },
  paths: describePaths(),
  components: {
    schemas: API_SCHEMAS,
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
};

function describePaths(): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operation, endpoint] of Object.entries(ENDPOINTS)) {
    const [method, path] = operation.split(" ") as [string, string];
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = describe(operation, endpoint);
  }
  return paths;
}

function describe(
  operation: string,
  { errors = [], isLocal, isOpen, schema, status = 200, summary, type }:
    ApiEndpoint,
): Record<string, unknown> {
  const failures = [...FAILURES, ...isOpen ? [] : [401], ...errors];
  return {
    summary,
    parameters: [
      ...describeParameters(operation),
      ...isLocal === undefined && type === undefined ? [NODE] : [],
    ],
    // A program without a token requires none.
    ...isOpen ? {} : { security: [{}, { token: [] }] },
    responses: {
      [status]: {
        description: DESCRIPTION[status],
        ...type && { content: { [type]: { schema: { type: "string" } } } },
        ...schema && { content: json(schema) },
      },
      ...Object.fromEntries(failures.map((code) => [
        code,
        { description: DESCRIPTION[code], content: json("Error") },
      ])),
    },
  };
}

function describeParameters(operation: string): unknown[] {
  const named = Object.entries(parametersOf(operation)).map((
    [name, schema],
  ) => {
    const required = operation.includes(`{${name}}`);
    return { name, in: required ? "path" : "query", required, schema };
  });
  return operation.startsWith("GET ") ? named : [...named, CONFIRMATION];
}

function json(name: string): Record<string, unknown> {
  return { "application/json": { schema: { $ref: schemaAt(name) } } };
}
