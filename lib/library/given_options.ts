/**
 * Converts options of the library to option values of a command:
 * `connectTimeout: "5s"` stands for `--connect-timeout 5s`.
 *
 * @module
 */

import { textsOf } from "../cli/file_value.ts";
import type { Option, OptionTable } from "../cli/option.ts";
import { suggest } from "../cli/parse_options.ts";
import { redactFault } from "../cli/redaction.ts";
import type { ServerKind } from "../config/server_kinds.ts";
import { spellForFile } from "../config/spelling.ts";

/**
 * A value of one option: a value as on the command line, or several of them.
 */
export type OptionValue = string | number | boolean | readonly string[];

/** Options by their names in camelCase. */
type GivenByName = Readonly<Record<string, unknown>>;

/**
 * Converts an option name from the command line to camelCase.
 *
 * @param name Name without dashes, for example `connect-timeout`.
 * @returns For example `connectTimeout`.
 */
export function camelCase(name: string): string {
  return name.replace(/-([a-z\d])/g, (_all, letter) => letter.toUpperCase());
}

/**
 * Rewrites option names in an error message to the library's spelling.
 *
 * @param message A message with names such as `--connect-timeout`.
 * @param table The options of the command.
 */
export function spellForLibrary(message: string, table: OptionTable): string {
  return spellForFile(message, table, camelCase);
}

/**
 * Converts options of the library to texts as on the command line.
 *
 * @param given The options, by names in camelCase.
 * @param kind The kind of server.
 * @returns The texts, by the option's name on the command line.
 * @throws {TypeError} If a name is unknown or a value has a wrong type.
 */
export async function givenTo(
  given: object,
  { options: table, words }: ServerKind,
): Promise<Map<string, readonly string[]>> {
  const byName: Record<string, unknown> = { ...given };
  const texts = new Map<string, readonly string[]>();
  if (words !== undefined) {
    const { operand, first, rest } = words;
    const said = wordsOf(byName, first, rest);
    if (said !== undefined) texts.set(operand, said);
    delete byName[first];
    delete byName[rest];
  }
  const names = new Map(
    Object.keys(table).map((name) => [camelCase(name), name]),
  );
  for (const [name, value] of Object.entries(byName)) {
    if (value === undefined) continue;
    const option = names.get(name);
    if (option === undefined) throw await unknown(name, names, words);
    texts.set(option, checked(table[option]!, name, value, table));
  }
  return texts;
}

/** Builds the operands of the command line: `LISTEN UPSTREAM…`. */
function wordsOf(
  given: GivenByName,
  first: string,
  rest: string,
): string[] | undefined {
  if (given[first] === undefined && given[rest] === undefined) return undefined;
  return [first, rest].flatMap((name) => {
    const value = given[name];
    if (value === undefined) {
      throw new TypeError(
        `"${name}" is missing; "${first}" and "${rest}" go together`,
      );
    }
    return textsOf(plainValue(name, value) as string[]);
  });
}

function checked(
  option: Option<unknown>,
  name: string,
  value: unknown,
  table: OptionTable,
): string[] {
  const plain = plainValue(name, value);
  if ((option.kind === "flag") !== (typeof plain === "boolean")) {
    const wanted = option.kind === "flag" ? "true or false" : option.value;
    throw new TypeError(`"${name}" is ${shown(plain)}; expected ${wanted}`);
  }
  const texts = textsOf(plain as string[]);
  if (Array.isArray(plain) && !option.many) {
    throw new TypeError(`"${name}" is an array; expected one ${option.value}`);
  }
  if (option.isOperand && texts.length === 0) return texts;
  try {
    option.parse(texts);
    return texts;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const fault = redactFault(option, texts, error.message);
    throw new TypeError(`"${name}": ${spellForLibrary(fault, table)}`);
  }
}

function plainValue(name: string, value: unknown): OptionValue {
  const isPlain = ["string", "number", "boolean"].includes(typeof value) ||
    Array.isArray(value) && value.every((one) => typeof one === "string");
  if (isPlain) return value as OptionValue;
  throw new TypeError(
    `"${name}" is ${
      shown(value)
    }; expected what the command line takes: a string, a number, a boolean or an array of strings`,
  );
}

/** Shows only the type, because the value may be a secret. */
function shown(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

async function unknown(
  name: string,
  names: ReadonlyMap<string, string>,
  words: ServerKind["words"],
): Promise<TypeError> {
  const known = [...names.keys(), ...words ? [words.first, words.rest] : []];
  const nearest = await suggest(name, known);
  const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
  return new TypeError(`"${name}" is not an option${hint}`);
}
