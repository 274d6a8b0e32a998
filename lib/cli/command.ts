/**
 * A command of the program.
 *
 * @module
 */

import type { CommandHelp } from "./help.ts";
import type { OptionTable, OptionValues } from "./option.ts";
import type { ServerLife } from "../program/run_server.ts";

/** What the command line knows of a command. */
export interface Command<Table extends OptionTable> extends CommandHelp {
  /** Its options; `help` is among them. */
  options: Table;
  /** Whether it looks at options, those too with which nothing would start. */
  isExaminer?: true;
  /** Whether it serves until it is told to stop, in as many threads as asked. */
  isServer?: true;
  /**
   * Tells where an option is that the command does not have.
   *
   * @param name Its name as typed, without dashes.
   * @returns A sentence that tells it, or `undefined` where it is nowhere.
   */
  hint?: (name: string) => Promise<string | undefined>;
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

/** A command that starts a server, alone or in a program with others. */
export interface ServerCommand<Table extends OptionTable>
  extends Command<Table> {
  /** It serves. */
  isServer: true;
  /**
   * Runs it.
   *
   * @param options Values of its options.
   * @param life What happens to the server (default: the program is its alone).
   * @returns Exit code.
   * @throws {UsageError} If the options don't go together.
   * @throws {StartError} If the machine does not have or allow what it needs.
   */
  run(options: OptionValues<Table>, life?: ServerLife): Promise<number>;
}
