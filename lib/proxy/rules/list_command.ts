/**
 * `sluice rules list`: prints the rules in order of precedence.
 *
 * @module
 */

import type { RuleRow, Rules, RulesOptions } from "../../policy/rules/rules.ts";
import type { Command } from "../../cli/command.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { flag } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { openRules } from "../../serve/target/open_rules.ts";
import { printLines } from "../../cli/print_lines.ts";
import {
  RULE_OPTIONS,
  type RuleOptions,
  RULES_MODE_OPTIONS,
} from "../../serve/options/rules.ts";
import { StartError, UsageError } from "../../cli/usage_error.ts";

/** Options of `sluice rules list`. */
export const RULES_LIST_OPTIONS = {
  ...RULE_OPTIONS,
  ...RULES_MODE_OPTIONS,
  "allow-private": flag(
    "leave out the address guard, as a proxy with this option does",
  ),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const RULES_LIST_COMMAND: Command<typeof RULES_LIST_OPTIONS> = {
  usage: "rules list [OPTIONS]",
  summary:
    "Prints the rules in the order in which Sluice tries them, with the name of each, the address guard and the default. Fails if a rule is malformed.",
  examples: [["sluice rules list --rules rules.txt", "check a file"]],
  options: RULES_LIST_OPTIONS,
  run: runRulesList,
};

async function runRulesList(
  options: OptionValues<typeof RULES_LIST_OPTIONS>,
): Promise<number> {
  const rules = await readRules(options);
  printLines(formatRuleRows(rules.list(!options["allow-private"])));
  return 0;
}

/**
 * Reads rules, whose parents may have any name. A malformed file becomes a
 * usage error, because exit code 1 has another meaning for these commands.
 *
 * @param options The options with the rules.
 * @param settings How to parse them.
 * @param subject The option to blame in the message.
 * @throws {UsageError} If the rules can't be read.
 */
export async function readRules(
  options: RuleOptions,
  settings: RulesOptions = {},
  subject = " (option --rules)",
): Promise<Rules> {
  const given = { parents: "any", ...settings } as const;
  try {
    return (await openRules(options, () => {}, given)).book.current;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new UsageError(`${error.message}${subject}`, { cause: error });
  }
}

/**
 * Formats a listing in two columns.
 *
 * @param rows The rules.
 * @returns One line for each row.
 */
export function formatRuleRows(rows: readonly RuleRow[]): string[] {
  const width = Math.max(...rows.map(({ label }) => label.length));
  return rows.map(({ label, text }) => `${label.padEnd(width)}  ${text}`);
}
