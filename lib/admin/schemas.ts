/**
 * The schemas of the admin API as JSON Schema, for its OpenAPI document.
 *
 * @module
 */

import { z } from "zod";
import { SCHEMAS } from "./api.ts";
import { PARAMETERS } from "./schema/parameters.ts";

/** A schema as JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where the OpenAPI document has a schema. */
export function schemaAt(name: string): string {
  return `#/components/schemas/${name}`;
}

/** What the API answers, by name. */
export const API_SCHEMAS: Readonly<Record<string, JsonSchema>> = answers();

/**
 * Describes the parameters of an operation.
 *
 * @param operation Its name.
 * @returns A schema for each parameter, by name.
 */
export function parametersOf(operation: string): Record<string, JsonSchema> {
  if (!Object.hasOwn(PARAMETERS, operation)) return {};
  const schema = PARAMETERS[operation as keyof typeof PARAMETERS];
  const { properties = {} } = z.toJSONSchema(schema);
  return properties as Record<string, JsonSchema>;
}

function answers(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) {
    registry.add(schema, { id });
  }
  const { schemas } = z.toJSONSchema(registry, { uri: schemaAt });
  // OpenAPI names them by their place in the document.
  const nameless = { $id: undefined, $schema: undefined };
  return Object.fromEntries(
    Object.entries(schemas).map((
      [name, one],
    ) => [name, { ...one, ...nameless }]),
  );
}
