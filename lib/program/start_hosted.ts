/**
 * Starts the server of a configured listener in a program with others.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { Given, ListenerConfig } from "../config/load.ts";
import { valuesOf } from "../cli/option.ts";
import { requireEffect } from "../cli/requirements.ts";
import type { StartedServer } from "./run_server.ts";
import type { ServerHost } from "../serve/server_host.ts";

/** Where a server is started. */
export interface Hosting {
  /** The program that it runs in. */
  host: ServerHost;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
}

/**
 * Starts a server.
 *
 * @param listener What it is.
 * @param hosting Where it is started.
 * @param given What is given to its options (default: what is configured).
 * @returns The server.
 * @throws {UsageError} If options don't go together.
 * @throws {StartError} If the machine does not have or allow what it needs.
 */
export async function startHosted(
  { kind: { command }, given: configured }: ListenerConfig,
  { host, log }: Hosting,
  given: Given = configured,
): Promise<StartedServer> {
  let started: StartedServer | undefined;
  const values = valuesOf(command.options, given);
  requireEffect(values);
  await command.run(values, async (_options, start) => {
    started = await start(log, host);
    return 0;
  });
  return started!;
}
