/**
 * Runs `sluice top`.
 *
 * @module
 */

import { UsageError } from "../cli/usage_error.ts";
import { openClient } from "./open_client.ts";
import type { TopOptions } from "./options.ts";
import { printOnce } from "./print_once.ts";
import { hasTerminal } from "./terminal_screen.ts";
import { watchServer } from "./watch_server.ts";

/**
 * Shows a server until a person quits, or prints one picture of it.
 *
 * @returns Exit code.
 * @throws {UsageError} If there is no terminal, or options contradict each
 *   other.
 * @throws {StartError} If the admin listener can't be reached.
 */
export async function runTop(options: TopOptions): Promise<number> {
  const { filter, interval, once, reverse, sort } = options;
  if (!once && !hasTerminal()) {
    throw new UsageError(
      "sluice top needs a terminal; use --once to print one picture without one",
    );
  }
  using client = await openClient(options);
  const first = { filter: filter ?? "", sort, isReversed: reverse };
  return once
    ? await printOnce(client, { first, interval, isJson: options.json })
    : await watchServer(client, { first, interval });
}
