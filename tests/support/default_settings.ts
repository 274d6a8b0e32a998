/**
 * The settings of a server whose options are not given.
 *
 * @module
 */

import {
  type OptionTable,
  type OptionValues,
  valuesOf,
} from "../../lib/cli/option.ts";
import { type SettingsOf, settingsOf } from "../../lib/cli/settings.ts";

/**
 * Returns the settings that the options of a server declare.
 *
 * @param given Texts of options, by name (default: none is given).
 */
export function defaultSettings<Table extends OptionTable>(
  table: Table,
  given: Record<string, string[]> = {},
): SettingsOf<Table> {
  const values = valuesOf(table, new Map(Object.entries(given)));
  return settingsOf(table, values as OptionValues<Table>);
}
