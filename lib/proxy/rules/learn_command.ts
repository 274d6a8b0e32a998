/**
 * `sluice rules learn`: writes the rules that allow the connections of a log.
 *
 * @module
 */

import type { Command } from "../../cli/command.ts";
import { count } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { printErrors, printLines } from "../../cli/print_lines.ts";
import { isOwnAddress } from "../../net/own_addresses.ts";
import { countOf } from "../../observe/count_of.ts";
import type { LoggedConnection } from "../../observe/logged_connection.ts";
import { LogReader } from "../../observe/log_reader.ts";
import { RuleLearner } from "../../policy/rules/learn_rules.ts";
import {
  ORDINARY_ADDRESS,
  reachedFacts,
} from "../../policy/rules/reached_fact.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { Progress } from "./progress.ts";
import { LOG_OPERAND, readLogs } from "./read_logs.ts";

/** Options of `sluice rules learn`. */
export const RULES_LEARN_OPTIONS = {
  "logs": LOG_OPERAND,
  "generalise": count({
    least: "2",
    help:
      "write *.example.com if clients reached at least N names below example.com on the same ports; without it, only the names themselves",
  }),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const RULES_LEARN_COMMAND: Command<typeof RULES_LEARN_OPTIONS> = {
  usage: "rules learn LOG… [OPTIONS]",
  summary:
    "Reads logs in JSON and prints the smallest list of rules that allows what clients did, by user. What was refused is left out. Warnings about what no rule allows go to standard error.",
  examples: [
    ["sluice rules learn proxy.log > rules.txt", "begin with what happens"],
    ["zcat proxy.log.*.gz | sluice rules learn -", "from compressed logs"],
    [
      "sluice rules learn proxy.log --generalise 3",
      "with *.example.com for three names or more below example.com",
    ],
  ],
  options: RULES_LEARN_OPTIONS,
  run: runRulesLearn,
};

/** The result of learning from a connection. */
type Lesson = "learnt" | "refused" | "no target" | "left out";

function runRulesLearn(
  { logs, generalise }: OptionValues<typeof RULES_LEARN_OPTIONS>,
): Promise<number> {
  const learner = new RuleLearner({ generalise, isOwn: isOwnAddress });
  const counts: Record<Lesson, number> = {
    "learnt": 0,
    "refused": 0,
    "no target": 0,
    "left out": 0,
  };
  const reader = new LogReader<Lesson>({
    judge: (connection) => learn(learner, connection),
    count: (lesson) => counts[lesson]++,
    ignored: ORDINARY_ADDRESS,
  });
  readLogs(logs, reader, Progress.onTerminal());
  printPieces([
    `# Learnt from ${countOf(counts.learnt, "connection")}, ${
      countOf(reader.lines, "line")
    } of the log`,
    ...learner.lines(),
  ]);
  const warnings = warningsOf(counts, reader.unreadable);
  if (warnings.length > 0) printErrors(warnings);
  return Promise.resolve(0);
}

/** Prints in pieces, because a list may have megabytes. */
function printPieces(lines: readonly string[]): void {
  for (let at = 0; at < lines.length; at += 100) {
    printLines(lines.slice(at, at + 100));
  }
}

function learn(learner: RuleLearner, connection: LoggedConnection): Lesson {
  const facts = reachedFacts(connection);
  if (facts.length === 0) {
    return connection.result === "refused" ? "refused" : "no target";
  }
  const isLearnt = facts.map((fact) => learner.take(fact)).every(Boolean);
  return isLearnt ? "learnt" : "left out";
}

function warningsOf(
  { "left out": left, "learnt": learnt }: Record<Lesson, number>,
  unreadable: number,
): string[] {
  const warnings: string[] = [];
  if (unreadable > 0) {
    warnings.push(
      `sluice: ${countOf(unreadable, "line")} of the log ${
        unreadable === 1 ? "is" : "are"
      } not JSON; the proxy writes JSON with --log json`,
    );
  }
  if (left > 0) {
    warnings.push(
      `sluice: No rule allows ${
        countOf(left, "connection")
      }: the name can't stand in a rule, or there are more than 100000 hosts`,
    );
  }
  if (learnt === 0) {
    warnings.push(
      "sluice: The log has no connection that was allowed; these rules deny everything",
    );
  }
  return warnings;
}
