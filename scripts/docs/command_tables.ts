/**
 * The declared options of every command.
 *
 * @module
 */

import { COMMANDS } from "../../lib/program/commands.ts";
import type { CommandTables } from "./regions.ts";

/**
 * Loads the options of every command.
 *
 * @returns The options by command.
 */
export async function loadCommandTables(): Promise<CommandTables> {
  const entries = Object.entries(COMMANDS).map(async ([name, { load }]) =>
    [name, (await load()).options] as const
  );
  return new Map(await Promise.all(entries));
}
