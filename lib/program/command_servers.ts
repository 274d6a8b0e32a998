/**
 * A command as a configuration with one listener.
 *
 * @module
 */

import type { OptionTable, OptionValues } from "../cli/option.ts";
import { planOfCommand } from "../config/plain.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { Servers } from "./life.ts";

/**
 * Makes the servers of a command.
 *
 * @param name Name of the command.
 * @param command The command.
 * @param options Values of its options, as they were read.
 * @returns Its one server.
 */
export function commandServers(
  name: string,
  command: ServerCommand<OptionTable>,
  options: OptionValues<OptionTable>,
): Servers {
  return {
    get plan() {
      return planOfCommand(name, options);
    },
    start: (host) => command.start(options, host),
  };
}
