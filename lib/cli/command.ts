/**
 * A command of the program.
 *
 * @module
 */

import type { CommandHelp } from "./help.ts";
import type { OptionTable, OptionValues } from "./option.ts";
import type { ServerLife } from "../program/run_server.ts";

/** The declaration of a command. */
export interface Command<Table extends OptionTable> extends CommandHelp {
  /** The command's options, including `help`. */
  options: Table;
  /** Whether it examines options, even those with which nothing would start. */
  isExaminer?: true;
  /** Whether it serves until stopped, in as many threads as configured. */
  isServer?: true;
  /**
   * Tells where an unknown option belongs.
   *
   * @param name Name as typed, without dashes.
   * @returns A sentence about it; `undefined` if no command has the option.
   */
  hint?: (name: string) => Promise<string | undefined>;
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

/** A command that starts a server, alone or together with others. */
export interface ServerCommand<Table extends OptionTable>
  extends Command<Table> {
  /** Marks a server. */
  isServer: true;
  /**
   * Runs the command.
   *
   * @param life Runs the server (default: it has the program to itself).
   * @returns Exit code.
   * @throws {UsageError} If options contradict each other.
   * @throws {StartError} If the machine lacks or forbids something that the
   *   command needs.
   */
  run(options: OptionValues<Table>, life?: ServerLife): Promise<number>;
}
