/**
 * What others may see of options: their declarations tell what is secret.
 * Whatever shows what was given to options asks here.
 *
 * @module
 */

import { quoteIn } from "../wire/quote.ts";
import { type ConfigValue, textsOf, valueOf } from "./file_value.ts";
import { isSecret, type Option, type OptionTable, sourceOf } from "./option.ts";
import { parseReference, variableOf } from "./reference.ts";

/** Where the next of several URLs begins. */
const NEXT_URL = /,(?=[^,@]*:\/\/)/;

const HIDDEN = "(hidden)";

/** In a line to copy, where a secret is to be written. */
const TO_WRITE = "PASSWORD";

/** The options of each kind of listener. */
export type OptionsByKind = ReadonlyMap<
  string,
  { readonly options: OptionTable }
>;

/** What is no setting, but asked of a command. */
const ASKED = ["help", "version"];

/**
 * Gives what others may see of what an option was given.
 *
 * @param text What it was given.
 * @param shown What stands in the place of a secret (default `(hidden)`).
 * @returns The text; references and names as they are, without what is secret.
 */
export function redact(
  option: Pick<Option<unknown>, "kind">,
  text: string,
  shown: string = HIDDEN,
): string {
  if (!isSecret(option) || parseReference(text) !== undefined) return text;
  if (text.includes("://")) {
    return text.split(NEXT_URL).map((url) => hidePassword(url, shown))
      .join(",");
  }
  const colon = text.indexOf(":");
  return colon < 0 ? shown : `${text.slice(0, colon)}:${shown}`;
}

/** What is not encoded as it should be is hidden all the same. */
function hidePassword(url: string, shown: string): string {
  const begin = url.indexOf("://") + "://".length;
  const end = url.lastIndexOf("@");
  const colon = url.indexOf(":", begin);
  if (end < begin || colon < 0 || colon > end) return url;
  return `${url.slice(0, colon)}:${shown}${url.slice(end)}`;
}

/**
 * Gives what others may see of what is wrong with an option.
 *
 * @param texts What it was given.
 * @param message What its parser says.
 * @returns The message, or what was expected where it repeats a secret.
 */
export function redactFault(
  option: Option<unknown>,
  texts: readonly string[],
  message: string,
): string {
  const isTold = isSecret(option) &&
    texts.some((text) =>
      !isUrlElsewhere(option, text) && tellsOf(text, message)
    );
  return isTold ? `expected ${option.value}` : quoteIn(message, texts);
}

/** What refers to a URL has no password itself, but one for a name may. */
function isUrlElsewhere({ kind }: Option<unknown>, text: string): boolean {
  return kind === "url" && parseReference(text) !== undefined;
}

/**
 * A parser may repeat what it was given, but not behind the colon after a name:
 * what is malformed may be a password anywhere there.
 */
function tellsOf(text: string, message: string): boolean {
  const [open] = /^(?:[^:]*:\/\/)?[^:]*/.exec(text)!;
  const words = text.slice(open.length).split(/[^\w-]+/);
  return open.length === text.length && !text.includes("://")
    ? message.includes(text)
    : words.some((word) => word.length > 2 && message.includes(word));
}

/**
 * Describes the values of options as a file would say them, without what is
 * secret.
 *
 * @param values Values that were made from options.
 * @returns What each option was given, or its default; those that have neither
 *   are left out.
 */
export function describeOptions(values: object): Record<string, unknown> {
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
 * Takes secrets out of a configuration that has been found good.
 *
 * @param value What its file says.
 * @param tables Options of the program, and of each kind of listener.
 * @returns The same, but for secrets.
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
 * Takes secrets out of a command line that has been found good.
 *
 * @param args Its arguments.
 * @param table The options of the command.
 * @returns The same, with `PASSWORD` in the place of each secret.
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
 * Finds the variables of the environment that arguments refer to.
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
