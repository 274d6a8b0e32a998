/**
 * A configuration as others may see it.
 *
 * @module
 */

import { type ConfigValue, isSecret, textsOf } from "./config_value.ts";
import type { ListenerKinds } from "./listener_kinds.ts";
import type { OptionTable } from "./option.ts";
import { PROGRAM_OPTIONS } from "./program_options.ts";
import { hideSecret } from "./secret_reference.ts";

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

function hideIn(
  settings: Record<string, unknown>,
  table: OptionTable,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const option = Object.hasOwn(table, name) ? table[name] : undefined;
      if (option === undefined || !isSecret(name, option)) return [name, value];
      const texts = textsOf(value as ConfigValue).map(hideSecret);
      return [name, Array.isArray(value) ? texts : texts[0]];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
