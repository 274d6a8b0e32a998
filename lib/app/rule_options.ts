/**
 * What can be said about rules.
 *
 * @module
 */

import { only, type OptionValues } from "./option.ts";

/** Options of rules. */
export const RULE_OPTIONS = {
  "rules": {
    value: "FILE",
    help:
      "who may go where, a rule a line, the first that matches decides; '#' begins a comment; see the README, and 'sluice rules test'",
    parse: (given: readonly string[]): string | undefined => only(given),
  },
  "rule": {
    value: "RULE",
    help:
      "a rule before those of the file, such as 'deny name *.ads.example' or 'default deny'; repeatable",
    parse: (given: readonly string[]): readonly string[] => given,
  },
};

/** Values of the options of rules. */
export type RuleOptions = OptionValues<typeof RULE_OPTIONS>;
