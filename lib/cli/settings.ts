/**
 * From the values of options to the settings of a server.
 *
 * @module
 */

import type { Option, OptionTable, OptionValues } from "./option.ts";

/** The settings that the options of a table make, as they are declared. */
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

/** All members of a union at once. */
export type Merged<Union> =
  (Union extends unknown ? (one: Union) => void : never) extends
    (all: infer All) => void ? All : never;

type Settings = { [name: string]: unknown };

/**
 * Puts the values of options where their declarations say.
 *
 * @typeParam Table The options.
 * @param table The options.
 * @param values Their values.
 * @returns The settings; options that declare no place are left out.
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
