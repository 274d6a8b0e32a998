/**
 * Converts option values between a configuration file and the command line.
 *
 * @module
 */

import type { Option } from "./option.ts";

/** The value of an option in a file. */
export type ConfigValue = boolean | number | string | (number | string)[];

/**
 * Converts a file's value to texts of the command line.
 *
 * @param value Value in the file.
 * @returns The texts, in order.
 */
export function textsOf(value: ConfigValue): string[] {
  if (typeof value === "boolean") return value ? [""] : [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/**
 * Converts texts of the command line to a file's value.
 *
 * @param texts The texts; at least one.
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
