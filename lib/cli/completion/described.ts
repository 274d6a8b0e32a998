/**
 * Commands as shells complete them.
 *
 * @module
 */

import type { Option, OptionTable } from "../option.ts";

/** A command whose words a shell completes. */
export interface DescribedCommand {
  /** Its name, of one word or two. */
  name: string;
  /** What it does, in a few words. */
  brief: string;
  /** Its options. */
  options: OptionTable;
}

/** An option as shells complete it. */
export interface DescribedOption {
  /** Its spellings, such as `--config` and `-c`. */
  spellings: readonly string[];
  /** Its name without dashes. */
  name: string;
  /** The letter that does the same, if there is one. */
  short: string | undefined;
  /** What it does, in a few words. */
  brief: string;
  /** What stands for its value; none of a flag. */
  value: string | undefined;
  /** The words that it takes, where it takes no others. */
  words: readonly string[];
  /** Whether its value is a file or folder. */
  isPath: boolean;
  /** Whether it may be given several times. */
  isRepeatable: boolean;
}

/** Columns of a description: shells put it beside the word. */
const MOST_BRIEF = 72;

/** The shells whose completion there is. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The command that runs when none is named. */
export const UNNAMED = "proxy";

/**
 * Lists the options of a command, without the words that belong to none.
 *
 * @param table The options.
 * @returns What shells need of each.
 */
export function describeOptions(table: OptionTable): DescribedOption[] {
  return Object.entries(table).filter(([, { isOperand }]) => !isOperand)
    .map(([name, option]) => describe(name, option));
}

function describe(name: string, option: Option<unknown>): DescribedOption {
  const { choices = [], kind, many, short, value } = option;
  return {
    spellings: [`--${name}`, ...short === undefined ? [] : [`-${short}`]],
    name,
    short,
    brief: briefOf(option.help),
    value,
    words: choices,
    isPath: kind === "path",
    isRepeatable: many === true,
  };
}

/**
 * Gives the second words of commands with two, by their first.
 *
 * @param commands All commands.
 * @returns For example `cert` and `init`, `issue` and so on.
 */
export function groupsOf(
  commands: readonly DescribedCommand[],
): Map<string, DescribedCommand[]> {
  const pairs = commands.filter(({ name }) => name.includes(" "));
  return Map.groupBy(pairs, ({ name }) => name.split(" ")[0]!);
}

/** The first clause of a help text, which says the most. */
function briefOf(help: string): string {
  const [clause = help] = help.split(/; |\. | \(|, such as/);
  return clause.length <= MOST_BRIEF
    ? clause
    : `${clause.slice(0, MOST_BRIEF - 1)}…`;
}
