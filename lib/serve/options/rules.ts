/**
 * What can be said about rules.
 *
 * @module
 */

import { choice, option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** Whether rules deny, or only report what they would deny. */
export const RULES_MODES = ["enforce", "report"] as const;

/** What becomes of open tunnels that new rules or users would refuse. */
export const ON_CHANGES = ["cut", "keep"] as const;

/** What becomes of them. */
export type OnChange = typeof ON_CHANGES[number];

/** The heading of these options. */
const GROUP = "Rules";

/** Options of rules. */
export const RULE_OPTIONS = {
  "rules": path({
    group: GROUP,
    help:
      "who may go where, a rule a line, the first that matches decides; '#' begins a comment; try them with 'sluice rules test'",
  }),
  "rule": option("pattern", {
    value: "RULE",
    many: true,
    group: GROUP,
    help:
      "a rule before those of the file, such as 'deny name *.ads.example' or 'default deny'; repeatable",
  }, (text) => text),
  "rules-mode": choice(RULES_MODES, {
    default: "enforce",
    group: GROUP,
    help:
      "report: let through what the rules would deny, and log and count it (would-deny); the address guard still holds",
  }),
};

/** The option of commands whose tunnels are judged again. */
export const CHANGE_OPTIONS = {
  "on-change": choice(ON_CHANGES, {
    default: "cut",
    group: GROUP,
    setting: "onChange",
    help:
      "what happens to an open tunnel when users, certificates or rules change and would refuse it now: cut ends it, with the reason in the log; keep leaves it open",
  }),
};

/** Values of the options of rules. */
export type RuleOptions = OptionValues<typeof RULE_OPTIONS>;
