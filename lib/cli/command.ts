/**
 * A command of the program.
 *
 * @module
 */

import type { CommandHelp } from "./help.ts";
import type { OptionTable, OptionValues } from "./option.ts";

/** What the command line knows of every command. */
export interface CommandDeclaration<Table extends OptionTable>
  extends CommandHelp {
  /** Its options; `help` is among them. */
  options: Table;
  /** Whether it examines options, even those with which nothing would start. */
  isExaminer?: true;
  /**
   * Tells where an unknown option belongs.
   *
   * @param name Name as typed, without dashes.
   * @returns A sentence about it; `undefined` if no command has the option.
   */
  hint?: (name: string) => Promise<string | undefined>;
}

/** A command that does something and ends. */
export interface Command<Table extends OptionTable>
  extends CommandDeclaration<Table> {
  /**
   * Runs the command.
   *
   * @returns Exit code.
   * @throws {UsageError} If options contradict each other.
   * @throws {StartError} If the machine lacks or forbids something that the
   *   command needs.
   */
  run(options: OptionValues<Table>): Promise<number>;
}
