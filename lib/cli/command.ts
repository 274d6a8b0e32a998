/**
 * A command of the program.
 *
 * @module
 */

import type { CommandHelp } from "./help.ts";
import type { OptionTable, OptionValues } from "./option.ts";

/** The declaration of any command. */
export interface CommandDeclaration<Table extends OptionTable>
  extends CommandHelp {
  /** The command's options, including `help`. */
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

/** A command that does its work and ends. */
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
