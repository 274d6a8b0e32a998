/**
 * A configuration as others may see it.
 *
 * @module
 */

import { type ConfigValue, isSecret, textsOf } from "./config_value.ts";
import type { ListenerKinds } from "./listener_kinds.ts";
import type { OptionTable } from "./option.ts";
import { PROGRAM_OPTIONS } from "./program_options.ts";
import { hideSecret, variableOf } from "./secret_reference.ts";

/**
 * Takes secrets out of a configuration that has been found good.
 *
 * @param value What its file says.
 * @param kinds Kinds of listeners that there are.
 * @returns The same, but for secrets.
 */
export function hideSecrets(value: unknown, kinds: ListenerKinds): unknown {
  if (!isObject(value)) return undefined;
  const { listeners, ...program } = value;
  const shown = Array.isArray(listeners)
    ? listeners.map((settings) => {
      if (!isObject(settings)) return undefined;
      const kind = kinds.get(settings["kind"] as string);
      return hideIn(settings, kind?.options ?? {});
    })
    : [];
  return { ...hideIn(program, PROGRAM_OPTIONS), listeners: shown };
}

/** In a line to copy, where a secret is to be written. */
const TO_WRITE = "PASSWORD";

/**
 * Takes secrets out of a command line that has been found good.
 *
 * @param args Its arguments.
 * @param table The options of the command.
 * @returns The same, with `PASSWORD` in the place of each secret.
 */
export function hideInArguments(
  args: readonly string[],
  table: OptionTable,
): string[] {
  const names = Object.keys(table).filter((name) =>
    isSecret(name, table[name]!)
  );
  const words = names.flatMap((name) => {
    const { short } = table[name]!;
    return [`--${name}`, ...short === undefined ? [] : [`-${short}`]];
  });
  return args.map((argument, index) => {
    const before = args[index - 1] ?? "";
    if (words.includes(before)) return hideSecret(argument, TO_WRITE);
    const word = words.find((word) => argument.startsWith(`${word}=`));
    if (word === undefined) return argument;
    const value = argument.slice(word.length + 1);
    return `${word}=${hideSecret(value, TO_WRITE)}`;
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

function hideIn(
  settings: Record<string, unknown>,
  table: OptionTable,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const option = Object.hasOwn(table, name) ? table[name] : undefined;
      if (option === undefined || !isSecret(name, option)) return [name, value];
      const texts = textsOf(value as ConfigValue).map((text) =>
        hideSecret(text)
      );
      return [name, Array.isArray(value) ? texts : texts[0]];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
