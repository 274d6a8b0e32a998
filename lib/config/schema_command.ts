/**
 * `sluice config schema`: the JSON Schema of configurations.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { jsonSchema } from "./schema.ts";
import { loadListenerKinds } from "./server_kinds.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { printLines } from "../cli/print_lines.ts";

/** The command as the command line sees it. */
export const CONFIG_SCHEMA_COMMAND: Command<typeof ASK_OPTIONS> = {
  usage: "config schema",
  summary:
    "Prints the JSON Schema (draft 2020-12) of configuration files. Editors use it to complete and check the file while you write.",
  examples: [
    [
      "sluice config schema > sluice.schema.json",
      'then say "$schema": "sluice.schema.json" in the file',
    ],
  ],
  options: ASK_OPTIONS,
  async run() {
    const schema = jsonSchema(await loadListenerKinds());
    printLines([JSON.stringify(schema, undefined, 2)]);
    return 0;
  },
};
