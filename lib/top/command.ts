/**
 * `sluice top`: a running Sluice in a terminal.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { TOP_OPTIONS } from "./options.ts";
import { runTop } from "./run.ts";

/** The command and its options. */
export const TOP_COMMAND: Command<typeof TOP_OPTIONS> = {
  usage: "top [OPTIONS] [ADMIN]",
  summary:
    "Shows a running Sluice in a terminal: its open tunnels with their rates, the top talkers, and the failures. It filters, sorts and ends tunnels. Sluice must be running with --admin. Press ? for the keys. Exit codes: 0 quit or printed, 1 not reached, 2 wrong options, 129 terminal gone, 143 SIGTERM.",
  examples: [
    ["sluice top", "a Sluice on this machine, started with --admin 9090"],
    ["sluice top unix:/run/sluice/admin.sock", "through a Unix socket"],
    [
      "sluice top --admin-token-file token.txt https://proxy.example/sluice/",
      "through a gateway with TLS",
    ],
    ["sluice top --filter user:alice --sort total", "one user's tunnels"],
    ["sluice top --once --json > now.json", "for a script"],
  ],
  options: TOP_OPTIONS,
  run: runTop,
};
