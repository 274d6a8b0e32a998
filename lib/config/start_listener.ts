/**
 * Starts one configured listener by the command that it is.
 *
 * @module
 */

import { type OptionTable, valuesOf, type ValueSource } from "../cli/option.ts";
import { requireEffect } from "../cli/requirements.ts";
import type { RunningServer } from "../serve/running_server.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerHost } from "../serve/server_host.ts";

/**
 * Starts a listener.
 *
 * @param command The command that it is.
 * @param given What is given to the options of that.
 * @param host The program that it runs in.
 * @returns The server.
 * @throws {SyntaxError} If a value is invalid.
 * @throws {UsageError} If options don't go together.
 * @throws {StartError} If the machine does not have or allow what it needs.
 */
export async function startListener(
  command: ServerCommand<OptionTable>,
  given: ValueSource["given"],
  host: ServerHost,
): Promise<RunningServer> {
  const values = valuesOf(command.options, given);
  requireEffect(values);
  return await command.start(values, host);
}
