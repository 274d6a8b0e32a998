/**
 * From the options of the library to the values of a command's options: what a
 * command line says with `--connect-timeout 5s` is `connectTimeout: "5s"` here.
 *
 * @module
 */

import { textsOf } from "../cli/file_value.ts";
import type { Option, OptionTable } from "../cli/option.ts";
import { suggest } from "../cli/parse_options.ts";
import { redactFault } from "../cli/redaction.ts";
import type { ServerKind } from "../config/server_kinds.ts";
import { spellForFile } from "../config/spelling.ts";

/** What one option takes: what the command line takes, or several of that. */
export type OptionValue = string | number | boolean | readonly string[];

/** Options by their names in camelCase. */
type GivenByName = Readonly<Record<string, unknown>>;

/**
 * Spells the name of an option of the command line as the library does.
 *
 * @param name The name, for example `connect-timeout`.
 * @returns The name, for example `connectTimeout`.
 */
export function camelCase(name: string): string {
  return name.replace(/-([a-z\d])/g, (_all, letter) => letter.toUpperCase());
}

/**
 * Rewrites a message about options of the command line.
 *
 * @param message The message.
 * @param table The options.
 * @returns The message with the names that the library has for them.
 */
export function spellForLibrary(message: string, table: OptionTable): string {
  return spellForFile(message, table, camelCase);
}

/**
 * Makes what is given to a command's options.
 *
 * @param given What the program gives.
 * @param kind The command.
 * @returns The texts that the command line would have, by option.
 * @throws {TypeError} If a name is unknown, or a value is no such value.
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

/** What a command line says with words: `LISTEN UPSTREAM…`. */
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

/** Only the type: a value may be a secret. */
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
