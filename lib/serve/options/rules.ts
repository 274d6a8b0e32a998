/**
 * What can be said about rules.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

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

/** Values of the options of rules. */
export type RuleOptions = OptionValues<typeof RULE_OPTIONS>;
