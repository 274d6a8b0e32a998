/**
 * The file that `--learn` writes.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import type { RuleLearner } from "../policy/rules/learn_rules.ts";

/**
 * Formats the rules that allow what a command did.
 *
 * @param learner The learner, after the command has ended.
 * @param startedAt Start of the command, in milliseconds since 1970.
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
