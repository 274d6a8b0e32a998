/**
 * Parses arguments to option values.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  isSecret,
  noteSource,
  type OptionTable,
  type OptionValues,
} from "./option.ts";
import { hintAtOption, hintAtWord } from "./option_hints.ts";
import { redactFault } from "./redaction.ts";
import { UsageError } from "./usage_error.ts";
import { quote } from "../wire/quote.ts";

/** Longest word, in characters, that may be a misspelling. */
const MOST_WORD = 64;

/** Options for {@linkcode parseOptions}. */
export interface ParseOptions {
  /** Tells where an option belongs that this command does not have. */
  hint?: ((name: string) => Promise<string | undefined>) | undefined;
}

/**
 * Parses a command's arguments.
 *
 * @typeParam Table Type of the command's options.
 * @param args Arguments after the command's name.
 * @param table The command's options.
 * @param options Hints about options of other commands.
 * @returns The value of every option.
 * @throws {UsageError} If an argument is unknown or a value is invalid; the
 *   message names the nearest option.
 */
export async function parseOptions<Table extends OptionTable>(
  args: string[],
  table: Table,
  { hint }: ParseOptions = {},
): Promise<OptionValues<Table>> {
  const names = Object.keys(table);
  const operandName = names.find((name) => table[name]!.isOperand);
  const optionNames = names.filter((name) => name !== operandName);
  const valued = optionNames.filter((name) => table[name]!.kind !== "flag");
  const flags = optionNames.filter((name) => !valued.includes(name));
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const words = joinNegative(args.slice(0, end), table);
  requireApartFromValues(words, table);
  const unknown: string[] = [];
  const operands: string[] = [];
  const given = parseArgs([...words, ...args.slice(end)], {
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
  // No port or address has such a name, but a name may.
  const asksByWord = /^(?:help|version)$/.test(operands[0] ?? "") &&
    table[operandName ?? ""]?.kind === "address";
  if (operandName === undefined || asksByWord) unknown.push(...operands);
  const [stranger] = unknown;
  if (stranger !== undefined) {
    const secret = valued.find((name) =>
      isSecret(table[name]!) && (given[name] as string[]).length > 0
    );
    throw new UsageError(
      await describeUnknown(stranger, table, { secret, hint }),
    );
  }
  const texts = new Map(
    optionNames.map((name) => [name, textsOf(given[name])]),
  );
  const isAsked = texts.get("help")?.length || texts.get("version")?.length;
  // A request for help needs no operands.
  if (operandName !== undefined && !isAsked) texts.set(operandName, operands);
  const values = Object.fromEntries(
    [...texts].map(([name, texts]) => [
      name,
      parseValue(name, table[name]!, texts),
    ]),
  );
  noteSource(values, { table, given: texts });
  return values as OptionValues<Table>;
}

/** The library's value of an option as the given texts. */
function textsOf(given: unknown): readonly string[] {
  return Array.isArray(given) ? given : given ? [""] : [];
}

/** The library would read `-5s` after `--idle-timeout` as an option. */
function joinNegative(
  args: readonly string[],
  table: OptionTable,
): readonly string[] {
  const letters = Object.values(table).map(({ short }) => `-${short}`);
  const joined: string[] = [];
  for (const text of args) {
    const before = joined.at(-1) ?? "";
    const name = before.startsWith("--") ? before.slice(2) : "";
    const wantsValue = Object.hasOwn(table, name) &&
      table[name]!.kind !== "flag";
    const isNegative = /^-[\d.]/.test(text) && !letters.includes(text);
    if (wantsValue && isNegative) joined.push(`${joined.pop()}=${text}`);
    else joined.push(text);
  }
  return joined;
}

/**
 * The library would read `-h3` and `-h=3` as `-h`, `-hV` as two options, and
 * `--quiet true` as `--quiet`.
 */
function requireApartFromValues(
  words: readonly string[],
  table: OptionTable,
): void {
  for (const [index, text] of words.entries()) {
    const isLetterWithMore = /^-[^-]./s.test(text);
    if (isLetterWithMore) throw new UsageError(describeLetter(text, table));
    const before = words[index - 1];
    const option = /^(?:true|false)$/.test(text) &&
      Object.keys(table).find((name) =>
        table[name]!.kind === "flag" &&
        (before === `--${name}` || before === `-${table[name]!.short}`)
      );
    if (option) throw flagWithValue(option);
  }
}

function flagWithValue(option: string): UsageError {
  return new UsageError(`takes no value; write --${option} alone`, { option });
}

function aliases(table: OptionTable): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, { short }]) =>
      short === undefined ? [] : [[name, short]]
    ),
  );
}

function checkValue(
  option: string,
  { kind, value }: OptionTable[string],
  given: unknown,
  args: readonly string[],
): void {
  // The library accepts a flag with a value.
  const isGivenValue = args.some((text) => text.startsWith(`--${option}=`));
  if (kind === "flag" && isGivenValue) throw flagWithValue(option);
  if (kind !== "flag" && (given as string[]).includes("")) {
    throw new UsageError(`needs a value: ${value}`, { option });
  }
}

function parseValue(
  name: string,
  option: OptionTable[string],
  given: readonly string[],
): unknown {
  try {
    return option.parse(given);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(redactFault(option, given, error.message), {
      option: name,
      operand: option.isOperand && option.value,
    });
  }
}

async function describeUnknown(
  argument: string,
  table: OptionTable,
  { hint, secret }: ParseOptions & { secret: string | undefined },
): Promise<string> {
  if (!argument.startsWith("-")) {
    // It may be the rest of a password with a space, or the value itself.
    if (secret !== undefined) {
      return `Unknown argument after --${secret}; its value must be one word; put quotes around it if it has spaces`;
    }
    const shown = quoteArgument(argument);
    const isWhole = shown === `'${argument}'`;
    const meant = isWhole ? hintAtWord(argument, table) : undefined;
    return `Unknown argument ${shown}; ${meant ?? "see --help"}`;
  }
  const [option] = argument.split(/[=:]/);
  const name = option!.replace(/^-+/, "");
  const known = Object.keys(table).filter((name) => !table[name]!.isOperand);
  if (known.includes(name)) {
    return `Option --${name} needs a space or = before its value`;
  }
  const meant = hintAtOption(name, table) ?? await hint?.(name) ??
    await hintAtNearest(name, known);
  return `Unknown option ${quote(option!)}; ${meant}`;
}

async function hintAtNearest(name: string, known: string[]): Promise<string> {
  const nearest = await suggest(name, known);
  return nearest === undefined ? "see --help" : `did you mean --${nearest}?`;
}

/** An address in brackets, or a path: their colons precede no password. */
const PLACE = /^\[[\da-f:.]+\](?::\d{1,5})?$|^unix:[./]/i;

/**
 * Quotes an unexpected word. It hides the text after a colon, which may be a
 * password, unless it is a port.
 *
 * @param word The word as typed.
 * @returns The part to show.
 */
export function quoteArgument(word: string): string {
  if (PLACE.test(word)) return quote(word);
  return quote(word.replace(/:(?!\d{1,5}$|\/\/).+$/s, ":…"));
}

/** Omits the rest, which may be a password, as in curl's -uNAME:…. */
function describeLetter(argument: string, table: OptionTable): string {
  const letter = argument[1]!;
  const known = Object.values(table).find(({ short }) => short === letter);
  if (known === undefined) {
    const hint = hintAtOption(letter, table) ?? "see --help";
    return `Unknown option '-${letter}'; ${hint}`;
  }
  return known.kind === "flag"
    ? `Option -${letter} must stand alone`
    : `Option -${letter} must stand alone; write a space before ${known.value}`;
}

/**
 * Finds the intended word for a misspelling.
 *
 * @param word Word as typed.
 * @param known Valid words.
 * @returns The nearest word; `undefined` if none is near.
 */
export async function suggest(
  word: string,
  known: string[],
): Promise<string | undefined> {
  // A single letter is equally near to all short words.
  if (word.length < 2 || word.length > MOST_WORD) return undefined;
  const { closestString, levenshteinDistance } = await import("@std/text");
  const nearest = closestString(word, known);
  if (levenshteinDistance(word, nearest) <= Math.max(2, word.length / 2)) {
    return nearest;
  }
  return known.find((name) => word.length > 2 && name.includes(word));
}
