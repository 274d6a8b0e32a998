/**
 * `sluice rules replay`: compares rules with the connections of a log.
 *
 * @module
 */

import type { Command } from "../../cli/command.ts";
import { choice, count, flag } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { printErrors, printLines } from "../../cli/print_lines.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { isOwnAddress } from "../../net/own_addresses.ts";
import { countOf } from "../../observe/count_of.ts";
import { LogReader } from "../../observe/log_reader.ts";
import { type ReplayGroup, RuleReplay } from "../../policy/rules/replay.ts";
import type { Rules } from "../../policy/rules/rules.ts";
import { ASK_OPTIONS } from "../../serve/options/common.ts";
import { RULE_OPTIONS } from "../../serve/options/rules.ts";
import { formatRuleRows, readRules } from "./list_command.ts";
import { Progress } from "./progress.ts";
import { LOG_OPERAND, readLogs } from "./read_logs.ts";

/** Conditions for exit code 1. */
const FAULTS = ["newly-denied", "newly-allowed", "unused"] as const;

/** Options of `sluice rules replay`. */
export const RULES_REPLAY_OPTIONS = {
  "logs": LOG_OPERAND,
  ...RULE_OPTIONS,
  "allow-private": flag(
    "leave out the address guard, as a proxy with this option does",
  ),
  "examples": count({
    default: "10",
    least: "0",
    most: "10000",
    help: "how many users and targets to print of each kind",
  }),
  "fail-on": choice(FAULTS, {
    many: true,
    help: "exit with code 1 if there is any; repeatable",
  }),
  ...ASK_OPTIONS,
};

type Options = OptionValues<typeof RULES_REPLAY_OPTIONS>;

/** The command as the command line sees it. */
export const RULES_REPLAY_COMMAND: Command<typeof RULES_REPLAY_OPTIONS> = {
  usage: "rules replay LOG… --rules FILE [OPTIONS]",
  summary:
    "Reads logs in JSON and prints what rules would change: connections that would be denied or allowed now, and rules that decide nothing. It resolves no names: the address in the log counts. Exit codes: 0 done; 1 something that --fail-on names; 2 a wrong option, rule or log.",
  examples: [
    ["sluice rules replay proxy.log --rules new.txt", "before a change"],
    [
      "sluice rules replay proxy.log --rules new.txt --fail-on newly-denied",
      "as a gate in CI",
    ],
  ],
  options: RULES_REPLAY_OPTIONS,
  run: runRulesReplay,
};

async function runRulesReplay(options: Options): Promise<number> {
  if (options.rules === undefined && options.rule.length === 0) {
    throw new UsageError("it is missing; give --rules FILE", {
      option: "rules",
    });
  }
  let time = 0;
  const rules = await readRules(options, { now: () => time });
  const replay = new RuleReplay(rules, {
    isGuarded: !options["allow-private"],
    isOwn: isOwnAddress,
    setTime: (started) => time = started,
  });
  const reader = new LogReader<ReplayGroup>({
    judge: (connection) => replay.judge(connection),
    count: (group) => replay.count(group),
    differsBy: differenceOf(rules),
    most: 131_072,
  });
  readLogs(options.logs, reader, Progress.onTerminal());
  if (reader.unreadable > 0) {
    printErrors([
      `sluice: The log has ${
        countOf(reader.unreadable, "line")
      } that is not JSON; the proxy writes JSON with --log json`,
    ]);
  }
  printLines(report(replay, rules, options.examples));
  const isAtFault: Record<typeof FAULTS[number], boolean> = {
    "newly-denied": replay.counts["newly denied"] > 0,
    "newly-allowed": replay.counts["newly allowed"] > 0,
    "unused": unusedRows(replay, rules).length > 0,
  };
  return options["fail-on"].some((fault) => isAtFault[fault]) ? 1 : 0;
}

/** The property by which rules answer the same request differently. */
function differenceOf({ rules }: Rules): "client" | "listener" | "time" {
  const has = (...words: string[]) =>
    rules.some(({ clauses }) =>
      clauses.some(({ word }) => words.includes(word))
    );
  if (has("day", "time")) return "time";
  return has("client") ? "client" : "listener";
}

function report(replay: RuleReplay, rules: Rules, most: number): string[] {
  const { counts } = replay;
  const total = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const unused = unusedRows(replay, rules);
  return [
    countOf(total, "connection"),
    `  ${counts.allowed} allowed as before, ${counts.denied} denied as before`,
    ...listGroups(replay, "newly denied", most),
    ...listGroups(replay, "newly allowed", most),
    `  ${counts.undecided} undecided: that depends on an address the log does not have`,
    `  ${counts.other} without a question to the rules`,
    `${countOf(unused.length, "rule")} never used`,
    ...formatRuleRows(unused).map((row) => `  ${row}`),
  ];
}

function listGroups(
  replay: RuleReplay,
  change: "newly allowed" | "newly denied",
  most: number,
): string[] {
  const groups = replay.groups(change);
  const shown = groups.slice(0, most);
  const width = `${shown[0]?.count ?? 0}`.length;
  const rows = shown.map(({ count, rule, target, user }) => {
    const who = user === undefined ? "" : `${user} > `;
    const what = target === "" ? "others" : `${who}${target}`;
    return `    ${`${count}`.padStart(width)}  ${what}, by ${rule}`;
  });
  const rest = groups.length - shown.length;
  return [
    `  ${replay.counts[change]} ${change}`,
    ...rows,
    ...rest > 0 && most > 0 ? [`    and ${rest} more`] : [],
  ];
}

function unusedRows(replay: RuleReplay, rules: Rules) {
  return rules.rules.filter(({ label }) => !replay.used.has(label));
}
