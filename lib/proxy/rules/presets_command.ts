/**
 * `sluice rules presets`: the hosts behind the names of `--allow-preset`.
 *
 * @module
 */

import type { Command } from "../../cli/command.ts";
import { printLines } from "../../cli/print_lines.ts";
import {
  PRESET_NAMES,
  presetRule,
  RULE_PRESETS,
} from "../../policy/rules/presets.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";

/** The command as the command line sees it. */
export const RULES_PRESETS_COMMAND: Command<typeof ASK_OPTIONS> = {
  usage: "rules presets",
  summary:
    "Prints the presets of 'sluice exec --allow-preset', each with what it is for and as the rule that it stands for. The output is a file of rules.",
  examples: [["sluice rules presets", "all of them"]],
  options: ASK_OPTIONS,
  run: () => {
    printLines(formatPresets());
    return Promise.resolve(0);
  },
};

/** Writes the presets as rules, with a comment each. */
export function formatPresets(): string[] {
  return PRESET_NAMES.flatMap((name, index) => [
    ...index === 0 ? [] : [""],
    `# ${name}: ${RULE_PRESETS[name].summary}`,
    `${name}: ${presetRule(name)}`,
  ]);
}
