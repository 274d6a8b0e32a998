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
  /** Whether it looks at options, those too with which nothing would start. */
  isExaminer?: true;
  /**
   * Tells where an option is that the command does not have.
   *
   * @param name Its name as typed, without dashes.
   * @returns A sentence that tells it, or `undefined` where it is nowhere.
   */
  hint?: (name: string) => Promise<string | undefined>;
}

/** A command that does something and ends. */
export interface Command<Table extends OptionTable>
  extends CommandDeclaration<Table> {
  /**
   * Runs it.
   *
   * @param options Values of its options.
   * @returns Exit code.
   * @throws {UsageError} If the options don't go together.
   * @throws {StartError} If the machine does not have or allow what it needs.
   */
  run(options: OptionValues<Table>): Promise<number>;
}
