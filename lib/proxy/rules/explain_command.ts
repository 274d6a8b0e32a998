/**
 * `sluice rules explain`: describes rules in plain words, and finds mistakes.
 *
 * @module
 */

import type { Command } from "../../cli/command.ts";
import { operand } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { printLines } from "../../cli/print_lines.ts";
import { countOf } from "../../observe/count_of.ts";
import { describeRule } from "../../policy/rules/describe_rule.ts";
import { findFaults, type RuleFault } from "../../policy/rules/faults.ts";
import type { Rules } from "../../policy/rules/rules.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { readRules } from "./list_command.ts";

/** Options of `sluice rules explain`. */
export const RULES_EXPLAIN_OPTIONS = {
  "rules": operand("path", {
    value: "FILE",
    help: "the file of rules",
  }, parseFile),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const RULES_EXPLAIN_COMMAND: Command<typeof RULES_EXPLAIN_OPTIONS> = {
  usage: "rules explain FILE",
  summary:
    "Says in plain words what each rule does, and finds rules that never match, that rules before them hide, or that make no difference. Exit codes: 0 no mistake; 1 a rule that can never decide; 2 a file that Sluice cannot read.",
  examples: [["sluice rules explain rules.txt", "before others rely on it"]],
  options: RULES_EXPLAIN_OPTIONS,
  run: runRulesExplain,
};

async function runRulesExplain(
  { rules: path }: OptionValues<typeof RULES_EXPLAIN_OPTIONS>,
): Promise<number> {
  const rules = await readRules({ rules: path, rule: [] }, {}, "");
  const faults = findFaults(rules);
  printLines(explain(rules, faults));
  return faults.some(({ level }) => level === "mistake") ? 1 : 0;
}

function explain(rules: Rules, faults: readonly RuleFault[]): string[] {
  const byLabel = Map.groupBy(faults, ({ label }) => label);
  const { length } = faults.filter(({ level }) => level === "mistake");
  const end = rules.fallback === "allow"
    ? "Everything else is allowed."
    : "Everything else is denied.";
  return [
    ...rules.rules.flatMap((rule) => [
      `${rule.label}: ${describeRule(rule)}`,
      ...byLabel.get(rule.label)?.map(({ level, message }) =>
        `  ${level}: ${message}`
      ) ?? [],
    ]),
    `default: ${end}`,
    `${countOf(length, "mistake")}, ${countOf(faults.length - length, "hint")}`,
  ];
}

function parseFile(given: readonly string[]): string {
  const [path, second] = given;
  if (path === undefined) {
    throw new SyntaxError("it is missing; give the path of a file of rules");
  }
  if (second === undefined) return path;
  throw new SyntaxError(`${given.length} files are given; give one`);
}
