/**
 * Starts one configured listener.
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
 * @param given Its option values.
 * @throws {SyntaxError} If a value is invalid.
 * @throws {UsageError} If options conflict.
 * @throws {StartError} If the machine lacks or forbids what it needs.
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
