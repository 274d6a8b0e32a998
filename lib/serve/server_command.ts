/**
 * A command that serves, alone or with others in one program.
 *
 * @module
 */

import type { CommandDeclaration } from "../cli/command.ts";
import type { OptionTable, OptionValues } from "../cli/option.ts";
import type { RunningServer } from "./running_server.ts";
import type { ServerHost } from "./server_host.ts";

/** A command that serves until it is stopped. */
export interface ServerCommand<Table extends OptionTable>
  extends CommandDeclaration<Table> {
  /**
   * Starts the server.
   *
   * @param host The surrounding program.
   * @throws {UsageError} If options conflict.
   * @throws {StartError} If the machine lacks or forbids what it needs.
   */
  start(
    options: OptionValues<Table>,
    host: ServerHost,
  ): Promise<RunningServer>;
}
