/**
 * The schema of configurations, made from the option tables: new options are
 * settings automatically.
 *
 * @module
 */

import { z } from "zod";
import type { ConfigPath } from "../cli/config_error.ts";
import { spellForFile } from "./spelling.ts";
import {
  KIND_NAMES,
  type NamedWords,
  type ServerKind,
  type ServerKinds,
} from "./server_kinds.ts";
import {
  helpOf,
  isSecret,
  type Option,
  type OptionTable,
} from "../cli/option.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";

/** Other forms of a secret. */
const REFERENCES =
  "; env:NAME and file:PATH take it from the environment or a file, also in the place of a password";

/** Cached: creating one takes longer than the rest of a reload. */
const schemas = new WeakMap<ServerKinds, z.ZodType>();

/** A fault that the schema finds. */
export interface SchemaFault {
  /** The path of the fault. */
  path: ConfigPath;
  /** The expected value. */
  message: string;
  /** Unknown names at that path (default none). */
  unknown?: readonly string[];
}

/**
 * Validates a file against the schema.
 *
 * @param value The settings in the file.
 * @param kinds The kinds of its listeners.
 * @returns All faults.
 */
export function schemaFaults(
  value: unknown,
  kinds: ServerKinds,
): SchemaFault[] {
  let schema = schemas.get(kinds);
  if (schema === undefined) schemas.set(kinds, schema = configSchema(kinds));
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map((issue) => ({
    path: issue.path as ConfigPath,
    message: issue.message,
    ...issue.code === "unrecognized_keys" ? { unknown: issue.keys } : {},
  }));
}

/**
 * Creates the JSON Schema for editors and other programs.
 *
 * @param kinds All kinds of listeners.
 * @returns JSON Schema, draft 2020-12.
 */
export function jsonSchema(kinds: ServerKinds): object {
  const schema = z.toJSONSchema(configSchema(kinds));
  return { title: "Configuration of Sluice", ...schema };
}

function configSchema(kinds: ServerKinds): z.ZodType {
  const listeners = [...kinds].map(([name, kind]) =>
    listenerSchema(name, kind)
  );
  return z.strictObject({
    "$schema": text("where the schema of this file is, for editors").optional(),
    ...optionShape(PROGRAM_OPTIONS),
    "listeners": z.array(
      z.discriminatedUnion(
        "kind",
        listeners as [z.ZodObject, ...z.ZodObject[]],
        {
          error: ({ input }) => explainListener(input),
        },
      ),
      { error: "expected a list of listeners" },
    ).min(1, "expected at least one listener")
      .describe("what listens, and for what"),
  }, { error: 'expected an object: { "listeners": […] }' });
}

function listenerSchema(
  name: string,
  { command, options, words }: ServerKind,
): z.ZodObject {
  return z.strictObject({
    "kind": z.literal(name),
    ...optionShape(options),
    ...(words === undefined ? {} : wordShape(words, options)),
  }).describe(spellForFile(command.summary, options));
}

function optionShape(table: OptionTable): z.ZodRawShape {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [
      name,
      optionSchema(option, table),
    ]),
  );
}

function optionSchema(
  option: Option<unknown>,
  table: OptionTable,
): z.ZodType {
  const { default: initial, kind } = option;
  const help = spellForFile(helpOf(option), table);
  const schema = kind === "flag"
    ? z.boolean({ error: "expected true or false" })
    : valueSchema(option);
  const meta = isSecret(option)
    ? { description: help + REFERENCES }
    : { description: help };
  return schema
    .meta(initial === undefined ? meta : { ...meta, default: initial })
    .optional();
}

function valueSchema(option: Option<unknown>): z.ZodType {
  const { choices, isNumeric, many: isList, value } = option;
  if (choices !== undefined && !isList) {
    return z.enum(choices, { error: `expected one of ${choices.join(", ")}` });
  }
  const what = isNumeric ? `${value} as text or number` : `${value} as text`;
  const error = `expected ${what}${isList ? ", or a list of such" : ""}`;
  const one = isNumeric
    ? z.union([z.string(), numberSchema(option)], { error })
    : z.string({ error });
  return isList ? z.union([one, z.array(one)], { error }) : one;
}

/**
 * A bare number, for editors; the option's parser gives the better error. Any
 * number but 0 needs a unit if the unit is not the smallest.
 */
function numberSchema({ kind, least, most }: Option<unknown>): z.ZodType {
  const bounds = kind === "count"
    ? { minimum: least, maximum: most }
    : { minimum: 0 };
  return z.number().meta(bounds);
}

/** Properties that replace the operands of a command. */
function wordShape(
  { operand, first, rest }: NamedWords,
  options: OptionTable,
): z.ZodRawShape {
  const { value = "", help } = options[operand]!;
  const [firstValue, restValue] = value.split(" ");
  const one = z.union([z.string(), z.number()], {
    error: `expected ${firstValue} as text or number`,
  });
  const several = z.union([one, z.array(one)], {
    error: `expected ${restValue} as text or number, or a list of such`,
  });
  return {
    [first]: one.describe(`${firstValue}: ${help}`).optional(),
    [rest]: several.describe(`${restValue}: ${help}`).optional(),
  };
}

function text(description: string): z.ZodType {
  return z.string({ error: "expected text" }).describe(description);
}

function explainListener(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return "expected an object with a kind";
  }
  return `expected one of ${KIND_NAMES.join(", ")}`;
}
