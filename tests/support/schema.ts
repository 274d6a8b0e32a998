/**
 * Checks values against the JSON Schema subset of the admin API's description.
 *
 * @module
 */

// deno-lint-ignore-file no-explicit-any

/**
 * Finds the faults of a value.
 *
 * @param schemas Targets of `$ref`, by name.
 * @returns One line for each fault.
 */
export function faultsOf(
  value: any,
  schema: any,
  schemas: Record<string, any>,
  path = "$",
): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/components/schemas/", "");
    if (schemas[name] === undefined) return [`${path}: no schema ${name}`];
    return faultsOf(value, schemas[name], schemas, path);
  }
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((one: any) =>
      faultsOf(value, one, schemas, path)
    );
    return all.some((faults: string[]) => faults.length === 0)
      ? []
      : all.flat();
  }
  if ("const" in schema) {
    return value === schema.const ? [] : [`${path}: is not ${schema.const}`];
  }
  if (schema.enum !== undefined) {
    return schema.enum.includes(value) ? [] : [`${path}: is ${value}`];
  }
  if (schema.type === undefined) return [];
  const types = [schema.type].flat();
  if (!types.some((type) => isOf(value, type))) {
    return [`${path}: ${JSON.stringify(value)} is no ${types.join(" or ")}`];
  }
  if (schema.minimum !== undefined && value < schema.minimum) {
    return [`${path}: ${value} is less than ${schema.minimum}`];
  }
  if (schema.format === "date-time" && Number.isNaN(Date.parse(value))) {
    return [`${path}: ${value} is no time`];
  }
  if (Array.isArray(value)) {
    return value.flatMap((one, n) =>
      faultsOf(
        one,
        schema.prefixItems?.[n] ?? schema.items,
        schemas,
        `${path}[${n}]`,
      )
    );
  }
  if (schema.type !== "object") return [];
  const missing = (schema.required ?? []).filter((name: string) =>
    !Object.hasOwn(value, name)
  );
  return [
    ...missing.map((name: string) => `${path}.${name}: is missing`),
    ...Object.entries(value).flatMap(([name, one]) =>
      schema.properties[name] === undefined
        ? [`${path}.${name}: is not described`]
        : faultsOf(one, schema.properties[name], schemas, `${path}.${name}`)
    ),
  ];
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null &&
        !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    default:
      throw new TypeError(`Unknown type ${type}`);
  }
}
