/**
 * A table of commands, which are imported when they are called.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import type { DescribedCommand } from "../cli/completion/described.ts";
import type { OptionTable } from "../cli/option.ts";
import type { ServerCommand } from "../serve/server_command.ts";

/** A command before it is imported. */
export interface CommandEntry {
  /** What it does, in a few words. */
  readonly brief: string;
  /** Loads it. */
  readonly load: () => Promise<AnyCommand>;
}

/** A command with any options. */
export type AnyCommand = Command<OptionTable> | ServerCommand<OptionTable>;

/** Commands by name, of one word or two. */
export type CommandTable = Readonly<Record<string, CommandEntry>>;

/**
 * Imports all commands of a table to describe them.
 *
 * @returns The name of each, what it does, and its options.
 */
export async function describeCommands(
  table: CommandTable,
): Promise<DescribedCommand[]> {
  return await Promise.all(
    Object.entries(table).map(async ([name, { brief, load }]) => {
      const { options } = await load();
      return { name, brief, options };
    }),
  );
}

/**
 * Lists what commands do, in a few words each.
 *
 * @param prefix Start of their names (default: all commands).
 */
export function briefsOf(
  table: CommandTable,
  prefix = "",
): [name: string, brief: string][] {
  return Object.entries(table)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, { brief }]) => [name, brief]);
}
