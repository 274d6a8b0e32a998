/**
 * `sluice config print`: a command line as a configuration.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { loadListenerKinds } from "./server_kinds.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { operand } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { printConfig } from "./print.ts";
import { printLines } from "../cli/print_lines.ts";

/** Options of `sluice config print`. */
export const CONFIG_PRINT_OPTIONS = {
  "flags": operand("text", {
    value: "-- [COMMAND] FLAGS…",
    help: "two dashes and the command line of a server",
  }, (given): readonly string[] => given),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const CONFIG_PRINT_COMMAND: Command<typeof CONFIG_PRINT_OPTIONS> = {
  usage: "config print -- [COMMAND] FLAGS…",
  summary:
    "Prints the configuration file that does the same as a command line. It never prints secrets: the file refers to environment variables instead.",
  examples: [
    [
      "sluice config print -- --listen :1080 --users users.txt",
      "of a proxy",
    ],
    ["sluice config print -- forward 8848 far.example:80", "of a relay"],
  ],
  options: CONFIG_PRINT_OPTIONS,
  async run({ flags }: OptionValues<typeof CONFIG_PRINT_OPTIONS>) {
    printLines(await printConfig([...flags], await loadListenerKinds()));
    return 0;
  },
};
