/**
 * Converts option values to the settings of a server.
 *
 * @module
 */

import {
  type Option,
  type OptionTable,
  type OptionValues,
  valuesOf,
} from "./option.ts";

/** The settings that a table of options declares. */
export type SettingsOf<Table extends OptionTable> = Merged<
  {
    [Name in keyof Table]: Table[Name] extends
      Option<infer T, infer Setting extends string>
      ? [Setting] extends [never] ? never : Placed<Setting, T>
      : never;
  }[keyof Table]
>;

/** A value at the end of a path such as `timeouts.idle`. */
export type Placed<Path extends string, T> = Path extends
  `${infer First}.${infer Rest}` ? { [Key in First]: Placed<Rest, T> }
  : { [Key in Path]: T };

/** The intersection of a union's members. */
export type Merged<Union> =
  (Union extends unknown ? (one: Union) => void : never) extends
    (all: infer All) => void ? All : never;

type Settings = { [name: string]: unknown };

/**
 * Puts option values at the places that their declarations name.
 *
 * @typeParam Table Type of the options.
 * @param values Parsed values.
 * @returns The settings. Options without a place are left out.
 */
export function settingsOf<Table extends OptionTable>(
  table: Table,
  values: OptionValues<Table>,
): SettingsOf<Table> {
  const settings: Settings = {};
  for (const [name, { setting }] of Object.entries(table)) {
    if (setting === undefined) continue;
    const path = setting.split(".");
    const last = path.pop()!;
    let holder = settings;
    for (const part of path) holder = (holder[part] ??= {}) as Settings;
    holder[last] = values[name];
  }
  return settings as SettingsOf<Table>;
}

/**
 * Returns the settings of a server none of whose options is given.
 *
 * @typeParam Table Type of the options.
 */
export function defaultSettings<Table extends OptionTable>(
  table: Table,
): SettingsOf<Table> {
  const values = valuesOf(table, new Map()) as OptionValues<Table>;
  return settingsOf(table, values);
}
