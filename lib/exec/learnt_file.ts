/**
 * The file of `--learn`.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import type { RuleLearner } from "../policy/rules/learn_rules.ts";

/**
 * Writes the rules that would have been enough.
 *
 * @param learner What has learnt them.
 * @param startedAt When the command was started, in milliseconds since 1970.
 * @returns The file: rules, with a comment that says how to use them.
 */
export function learntFile(learner: RuleLearner, startedAt: number): string {
  const date = new Date(startedAt).toISOString().slice(0, 10);
  const { left } = learner;
  return [
    `# What one run of a command reached on ${date}. Read it, then enforce it:`,
    "# sluice exec --rules FILE -- COMMAND",
    ...left === 0
      ? []
      : [`# ${countOf(left, "connection")} could not be written as rules.`],
    ...learner.lines(),
    "",
  ].join("\n");
}
