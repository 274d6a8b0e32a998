/**
 * Arguments to option values.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { isSecret } from "./config_value.ts";
import { noteTable, type OptionTable, type OptionValues } from "./option.ts";
import { UsageError } from "./usage_error.ts";
import { quote, quoteIn } from "../wire/quote.ts";

/**
 * Reads a command's arguments.
 *
 * @typeParam Table The command's options.
 * @param args Arguments after the command's name.
 * @param table Options of the command.
 * @returns The value of every option.
 * @throws {UsageError} If an argument is unknown or a value invalid; it names
 *   the nearest option.
 */
export async function parseOptions<Table extends OptionTable>(
  args: string[],
  table: Table,
): Promise<OptionValues<Table>> {
  const names = Object.keys(table);
  const operandName = names.find((name) => table[name]!.isOperand);
  const optionNames = names.filter((name) => name !== operandName);
  const valued = optionNames.filter((name) => table[name]!.value !== undefined);
  const flags = optionNames.filter((name) => !valued.includes(name));
  const words = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  const unknown = words.filter((text, index) =>
    isLetterWithMore(text) || isBooleanAfterFlag(text, words[index - 1], table)
  );
  const operands: string[] = [];
  const given = parseArgs(args, {
    string: [...valued, "_"],
    boolean: flags,
    collect: valued,
    alias: aliases(table),
    unknown(argument) {
      const isWord = argument === "-" || !argument.startsWith("-");
      (isWord ? operands : unknown).push(argument);
      return false;
    },
  });
  for (const name of optionNames) {
    checkValue(name, table[name]!, given[name], words);
  }
  operands.push(...given._.map(String));
  if (operandName === undefined) unknown.push(...operands);
  const [stranger] = unknown;
  if (stranger !== undefined) {
    const secret = valued.find((name) =>
      isSecret(name, table[name]!) && (given[name] as string[]).length > 0
    );
    throw new UsageError(await describeUnknown(stranger, table, secret));
  }
  const values: Record<string, unknown> = {};
  for (const name of optionNames) {
    values[name] = parseValue(name, table[name]!, given[name]);
  }
  // Whoever asks for help need not say what for.
  const isNeeded = !values["help"] && !values["version"];
  if (operandName !== undefined && isNeeded) {
    values[operandName] = parseValue(
      operandName,
      table[operandName]!,
      operands,
    );
  }
  noteTable(values, table);
  return values as OptionValues<Table>;
}

/** The library would take `-h3` and `-h=3` for `-h`, and `-hV` for two. */
function isLetterWithMore(argument: string): boolean {
  return /^-[^-]./s.test(argument);
}

/** The library would take `--quiet true` for `--quiet`. */
function isBooleanAfterFlag(
  argument: string,
  before: string | undefined,
  table: OptionTable,
): boolean {
  return /^(?:true|false)$/.test(argument) &&
    Object.entries(table).some(([name, { value, short }]) =>
      value === undefined && (before === `--${name}` || before === `-${short}`)
    );
}

function aliases(table: OptionTable): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, { short }]) =>
      short === undefined ? [] : [[name, short]]
    ),
  );
}

function checkValue(
  name: string,
  { value }: OptionTable[string],
  given: unknown,
  args: string[],
): void {
  // The library lets it pass.
  const isGivenValue = args.some((text) => text.startsWith(`--${name}=`));
  if (value === undefined && isGivenValue) {
    throw new UsageError(`Option --${name} takes no value`);
  }
  if (value !== undefined && (given as string[]).includes("")) {
    throw new UsageError(`Option --${name} needs a value: ${value}`);
  }
}

function parseValue(
  name: string,
  option: OptionTable[string],
  given: unknown,
): unknown {
  try {
    return option.parse(Array.isArray(given) ? given : given ? [""] : []);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const what = option.isOperand
      ? `Argument ${option.value}`
      : `Option --${name}`;
    const texts = Array.isArray(given) ? given : [];
    throw new UsageError(`${what}: ${quoteIn(error.message, texts)}`);
  }
}

async function describeUnknown(
  argument: string,
  table: OptionTable,
  secret: string | undefined,
): Promise<string> {
  if (!argument.startsWith("-")) {
    // It may be the rest of a password with a space in it, or the value itself.
    return secret === undefined
      ? `Unknown argument ${quoteWord(argument)}; see --help`
      : `Unknown argument beside --${secret}; its value is one word, in quotes where it has spaces`;
  }
  if (isLetterWithMore(argument)) return describeLetter(argument, table);
  const [option] = argument.split(/[=:]/);
  const name = option!.replace(/^-+/, "");
  const known = Object.keys(table).filter((name) => !table[name]!.isOperand);
  if (known.includes(name)) {
    return `Option --${name} wants a space or = in front of its value`;
  }
  const nearest = await suggest(name, known);
  const hint = nearest === undefined
    ? "see --help"
    : `did you mean --${nearest}?`;
  return `Unknown option ${quote(option!)}; ${hint}`;
}

/**
 * Quotes a word that means nothing where it stands. What stands behind a colon
 * there may be a password, unless it is a port.
 *
 * @param word The word as typed.
 * @returns What to show of it.
 */
export function quoteWord(word: string): string {
  return quote(word.replace(/:(?!\d{1,5}$|\/\/).+$/s, ":…"));
}

/** Leaves out what follows: it may be a password, as in curl's -uNAME:…. */
function describeLetter(argument: string, table: OptionTable): string {
  const letter = argument[1];
  const isKnown = Object.values(table).some(({ short }) => short === letter);
  return isKnown
    ? `Option -${letter} stands alone`
    : `Unknown option '-${letter}'; see --help`;
}

/**
 * Finds what a mistyped word was meant to be.
 *
 * @param word Word as typed.
 * @param known Words there are.
 * @returns The nearest, or `undefined` where none is near.
 */
export async function suggest(
  word: string,
  known: string[],
): Promise<string | undefined> {
  const { closestString, levenshteinDistance } = await import("@std/text");
  const nearest = closestString(word, known);
  if (levenshteinDistance(word, nearest) <= Math.max(2, word.length / 2)) {
    return nearest;
  }
  return known.find((name) => word.length > 2 && name.includes(word));
}
