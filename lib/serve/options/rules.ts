/**
 * Options for rules.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { choice, option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** Whether rules deny, or only report what they would deny. */
const RULES_MODES = ["enforce", "report"] as const;

/** What becomes of open tunnels that new rules or users would refuse. */
export const ON_CHANGES = ["cut", "keep"] as const;

/** What becomes of them. */
export type OnChange = typeof ON_CHANGES[number];

/** Options of rules. */
export const RULE_OPTIONS = {
  "rules": path({
    group: GROUP.rules,
    help:
      "file of rules, one a line; the first that matches decides; see 'sluice help rules'",
  }),
  "rule": option("pattern", {
    value: "RULE",
    many: true,
    group: GROUP.rules,
    help:
      "a rule to try before the file's, such as 'deny name *.ads.example' or 'default deny'; repeatable",
  }, (text) => text),
};

/** The option of commands that can try rules without denying. */
export const RULES_MODE_OPTIONS = {
  "rules-mode": choice(RULES_MODES, {
    default: "enforce",
    requires: [{ anyOf: ["rules", "rule"] }],
    group: GROUP.rules,
    help:
      "report lets through what the rules would deny, and logs and counts it (would-deny); the address guard still holds",
  }),
};

/** The option of commands whose tunnels are judged again. */
export const CHANGE_OPTIONS = {
  "on-change": choice(ON_CHANGES, {
    default: "cut",
    group: GROUP.rules,
    setting: "onChange",
    help:
      "whether a change of users, certificates or rules ends the open tunnels that it would refuse",
  }),
};

/**
 * Tells what becomes of open tunnels. Nobody keeps an eye on them where nothing
 * can change.
 *
 * @param options Options of the command line.
 * @param canChange Whether a file or a configuration can change.
 * @returns `keep` if nothing has to be done.
 */
export function onChangeOf(
  options: OptionValues<typeof CHANGE_OPTIONS>,
  canChange: boolean,
): OnChange {
  return canChange ? options["on-change"] : "keep";
}

/** Values of the options of rules. */
export type RuleOptions =
  & OptionValues<typeof RULE_OPTIONS>
  & Partial<OptionValues<typeof RULES_MODE_OPTIONS>>;
