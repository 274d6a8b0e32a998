/**
 * Options in a file: which values stand for what is given to an option on the
 * command line.
 *
 * @module
 */

import type { Option } from "./option.ts";

/** What a file can say of an option. */
export type ConfigValue = boolean | number | string | (number | string)[];

/**
 * Gives what would be given on the command line.
 *
 * @param value What the file says.
 * @returns The texts, in order.
 */
export function textsOf(value: ConfigValue): string[] {
  if (typeof value === "boolean") return value ? [""] : [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/**
 * Gives what a file would say.
 *
 * @param texts What is given on the command line; one at least.
 */
export function valueOf(
  { isNumeric, kind, many }: Option<unknown>,
  texts: readonly string[],
): ConfigValue {
  if (kind === "flag") return texts.length > 0;
  const values = texts.map((text) =>
    isNumeric && String(Number(text)) === text ? Number(text) : text
  );
  return many ? values : values[0]!;
}
