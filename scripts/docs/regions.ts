/**
 * Marked regions of a document: the text between `<!-- options … -->` and `<!--
 * end -->` is generated from the declarations of the options.
 *
 * @module
 */

import type { OptionTable } from "../../lib/cli/option.ts";
import { optionTable } from "./option_rows.ts";

/** The options of every command, by its name of one or two words. */
export type CommandTables = ReadonlyMap<string, OptionTable>;

/** The contents of a region. */
export interface Region {
  /** Name of the command. */
  command: string;
  /** Names of its options, without dashes, in the order of the table. */
  options: readonly string[];
}

const REGION = /^<!-- options ([^>]*?) -->\n(?:.*?\n)??<!-- end -->$/gms;

/** Options of every command, which need no table. */
const EVERYWHERE = ["help", "version"];

/**
 * Fills the regions of a document.
 *
 * @param text The document.
 * @param tables The options of every command.
 * @returns The document with new tables, not yet formatted.
 * @throws {Error} If a region names an unknown command, group or option.
 */
export function fillRegions(text: string, tables: CommandTables): string {
  return text.replaceAll(REGION, (_, words: string) => {
    const { command, options } = parseRegion(words, tables);
    const rows = optionTable(tables.get(command)!, options);
    return [`<!-- options ${words} -->`, "", ...rows, "", "<!-- end -->"]
      .join("\n");
  });
}

/**
 * Lists the regions of a document.
 *
 * @param text The document.
 * @param tables The options of every command.
 * @returns The regions, in order.
 * @throws {Error} If a region names an unknown command, group or option.
 */
export function readRegions(text: string, tables: CommandTables): Region[] {
  return [...text.matchAll(REGION)]
    .map(([, words]) => parseRegion(words!, tables));
}

/**
 * Finds the options that no region shows. One region is enough for an option
 * that several commands have with the same help and default.
 *
 * @param regions The regions of all documents.
 * @param tables The options of every command.
 * @returns For example `--quiet of hub`.
 */
export function undocumented(
  regions: readonly Region[],
  tables: CommandTables,
): string[] {
  const all = [...tables].flatMap(([command, table]) =>
    Object.keys(table).map((name) => ({ command, name }))
  );
  const keyOf = ({ command, name }: { command: string; name: string }) => {
    const { help, default: initial, value } = tables.get(command)![name]!;
    return JSON.stringify([name, value, initial, help]);
  };
  const shown = new Set(
    regions.flatMap(({ command, options }) =>
      options.map((name) => keyOf({ command, name }))
    ),
  );
  return all
    .filter((one) => !EVERYWHERE.includes(one.name) && !shown.has(keyOf(one)))
    .map(({ command, name }) => `--${name} of ${command}`);
}

/** `COMMAND`, `COMMAND GROUP`, or `COMMAND --option --option`. */
function parseRegion(words: string, tables: CommandTables): Region {
  const command = [...tables.keys()]
    .filter((name) => words === name || words.startsWith(`${name} `))
    .toSorted((a, b) => b.length - a.length)[0];
  if (command === undefined) throw new Error(`No command in region '${words}'`);
  const table = tables.get(command)!;
  const rest = words.slice(command.length).trim();
  if (rest.startsWith("--")) {
    const options = rest.split(/\s+/).map((word) => word.replace(/^--/, ""));
    const wrong = options.find((name) => !Object.hasOwn(table, name));
    if (wrong === undefined) return { command, options };
    throw new Error(`${command} has no option --${wrong} (region '${words}')`);
  }
  const options = Object.entries(table)
    .filter(([, { group = "Options" }]) => rest === "" || group === rest)
    .map(([name]) => name);
  if (options.length > 0) return { command, options };
  throw new Error(`${command} has no group '${rest}' (region '${words}')`);
}
