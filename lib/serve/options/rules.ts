/**
 * What can be said about rules.
 *
 * @module
 */

import { option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

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
};

/** Values of the options of rules. */
export type RuleOptions = OptionValues<typeof RULE_OPTIONS>;
