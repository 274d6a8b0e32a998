/**
 * `sluice config example`: prints a configuration to start with.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { exampleConfig } from "./example.ts";
import { loadListenerKinds } from "./server_kinds.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { printLines } from "../cli/print_lines.ts";

/** The command as the command line sees it. */
export const CONFIG_EXAMPLE_COMMAND: Command<typeof ASK_OPTIONS> = {
  usage: "config example",
  summary:
    "Prints a configuration file that explains every setting and its default. It runs as it is, as a proxy on 127.0.0.1:1080; everything else is in comments.",
  examples: [
    ["sluice config example > sluice.jsonc", "to be edited"],
    ["sluice run -c sluice.jsonc", "to be run"],
  ],
  options: ASK_OPTIONS,
  async run() {
    printLines(exampleConfig(await loadListenerKinds()));
    return 0;
  },
};
