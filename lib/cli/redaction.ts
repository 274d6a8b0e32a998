/**
 * Hides secrets in options, according to their declarations. All code that
 * shows given options uses it.
 *
 * @module
 */

import { quoteIn } from "../wire/quote.ts";
import { type ConfigValue, textsOf, valueOf } from "./file_value.ts";
import { isSecret, type Option, type OptionTable, sourceOf } from "./option.ts";
import { parseReference, variableOf } from "./reference.ts";

/** Start of the next URL in a list. */
const NEXT_URL = /,(?=[^,@]*:\/\/)/;

const HIDDEN = "(hidden)";

/** Placeholder for a secret in a command line to copy. */
const TO_WRITE = "PASSWORD";

/** The options of each kind of listener. */
export type OptionsByKind = ReadonlyMap<
  string,
  { readonly options: OptionTable }
>;

/** Options that ask a command for information and are no settings. */
const ASKED = ["help", "version"];

/**
 * Hides the secret in the text of an option.
 *
 * @param text Given text.
 * @param shown Replacement for a secret (default `(hidden)`).
 * @returns The text without secrets. References and names stay.
 */
export function redact(
  option: Pick<Option<unknown>, "kind">,
  text: string,
  shown: string = HIDDEN,
): string {
  if (!isSecret(option) || parseReference(text) !== undefined) return text;
  if (text.startsWith("unix:/") && !text.includes("@")) return text;
  if (text.includes("://")) {
    return text.split(NEXT_URL).map((url) => hidePassword(url, shown))
      .join(",");
  }
  const colon = text.indexOf(":");
  return colon < 0 ? shown : `${text.slice(0, colon)}:${shown}`;
}

/** Hides passwords even in URLs with invalid encoding. */
function hidePassword(url: string, shown: string): string {
  const begin = url.indexOf("://") + "://".length;
  const end = url.lastIndexOf("@");
  const colon = url.indexOf(":", begin);
  if (end < begin || colon < 0 || colon > end) return url;
  return `${url.slice(0, colon)}:${shown}${url.slice(end)}`;
}

/**
 * Hides secrets in an error about an option.
 *
 * @param texts Given texts.
 * @param message Message of the parser.
 * @returns The message; only what was expected if it would reveal a secret.
 */
export function redactFault(
  option: Option<unknown>,
  texts: readonly string[],
  message: string,
): string {
  const isRevealed = isSecret(option) &&
    texts.some((text) =>
      !isUrlElsewhere(option, text) && reveals(text, message)
    );
  return isRevealed ? `expected ${option.value}` : quoteIn(message, texts);
}

/** A reference to a URL contains no password, but one after a name may. */
function isUrlElsewhere({ kind }: Option<unknown>, text: string): boolean {
  return kind === "url" && parseReference(text) !== undefined;
}

/**
 * A message may repeat the name before a colon, but nothing after it: in
 * malformed text, the password may be anywhere there.
 */
function reveals(text: string, message: string): boolean {
  const [open] = /^(?:[^:]*:\/\/)?[^:]*/.exec(text)!;
  const words = text.slice(open.length).split(/[^\w-]+/);
  return open.length === text.length && !text.includes("://")
    ? message.includes(text)
    : words.some((word) => word.length > 2 && message.includes(word));
}

/**
 * Describes option values in the form of a configuration file, without secrets.
 *
 * @param values Parsed values.
 * @returns The given or default value of each option; options without one are
 *   left out.
 */
export function describeValues(values: object): Record<string, unknown> {
  const { given, table } = sourceOf(values);
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, option]) => {
      const texts = given.get(name) ?? [];
      if (ASKED.includes(name)) return [];
      if (texts.length > 0) {
        const shown = texts.map((text) => redact(option, text));
        return [[name, valueOf(option, shown)]];
      }
      if (option.kind === "flag") return [[name, false]];
      const { default: initial } = option;
      return initial === undefined ? [] : [[name, valueOf(option, [initial])]];
    }),
  );
}

/**
 * Hides the secrets in a valid configuration.
 *
 * @param value Contents of the file.
 * @param tables Options of the program, and of each kind of listener.
 * @returns The same without secrets.
 */
export function redactConfig(
  value: unknown,
  tables: { program: OptionTable; kinds: OptionsByKind },
): unknown {
  if (!isObject(value)) return undefined;
  const { listeners, ...program } = value;
  const shown = Array.isArray(listeners)
    ? listeners.map((settings) => {
      if (!isObject(settings)) return undefined;
      const kind = tables.kinds.get(settings["kind"] as string);
      return redactSettings(settings, kind?.options ?? {});
    })
    : [];
  return { ...redactSettings(program, tables.program), listeners: shown };
}

/**
 * Hides the secrets in a valid command line.
 *
 * @param args The arguments.
 * @param table The command's options.
 * @returns The same, with `PASSWORD` for each secret.
 */
export function redactArguments(
  args: readonly string[],
  table: OptionTable,
): string[] {
  const words = new Map<string, Option<unknown>>(
    Object.entries(table).flatMap(([name, option]) => [
      [`--${name}`, option] as const,
      ...option.short === undefined
        ? []
        : [[`-${option.short}`, option] as const],
    ]),
  );
  return args.map((argument, index) => {
    const before = words.get(args[index - 1] ?? "");
    if (before !== undefined && before.kind !== "flag") {
      return redact(before, argument, TO_WRITE);
    }
    const [word = ""] = argument.split("=", 1);
    const option = words.get(word);
    if (option === undefined || word === argument) return argument;
    const value = argument.slice(word.length + 1);
    return `${word}=${redact(option, value, TO_WRITE)}`;
  });
}

/**
 * Finds the environment variables that arguments refer to.
 *
 * @param args Arguments without secrets.
 * @returns Names of the variables.
 */
export function variablesIn(args: readonly string[]): string[] {
  return args.flatMap((argument) => {
    const variable = variableOf(argument.replace(/^--[\w-]+=/, ""));
    return variable === undefined ? [] : [variable];
  });
}

function redactSettings(
  settings: Record<string, unknown>,
  table: OptionTable,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const option = Object.hasOwn(table, name) ? table[name] : undefined;
      if (option === undefined || !isSecret(option)) return [name, value];
      const texts = textsOf(value as ConfigValue).map((text) =>
        redact(option, text)
      );
      return [name, Array.isArray(value) ? texts : texts[0]];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
