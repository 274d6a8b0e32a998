/**
 * Describes commands for shell completion.
 *
 * @module
 */

import type { Option, OptionTable } from "../option.ts";

/** A command for shell completion. */
export interface DescribedCommand {
  /** Name of one or two words. */
  name: string;
  /** What it does, in a few words. */
  brief: string;
  /** Its options. */
  options: OptionTable;
  /**
   * The words that it takes, by the word before them: its own last word is
   * before the first. Without any it takes files.
   */
  operands?: OperandWords | undefined;
}

/** Words that may follow a word. */
export type OperandWords = ReadonlyMap<string, readonly string[]>;

/** An option for shell completion. */
export interface DescribedOption {
  /** Spellings, such as `--config` and `-c`. */
  spellings: readonly string[];
  /** Name without dashes. */
  name: string;
  /** The letter of its short form, if it has one. */
  short: string | undefined;
  /** What it does, in a few words. */
  brief: string;
  /** Placeholder of its value; a flag has none. */
  value: string | undefined;
  /** Allowed words, if no others are allowed. */
  words: readonly string[];
  /** Whether its value is a file or folder. */
  isPath: boolean;
  /** Whether users may repeat it. */
  isRepeatable: boolean;
}

/** Most columns of a description, which shells show beside the word. */
const MOST_BRIEF = 72;

/** The supported shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The command that runs if none is named. */
export const UNNAMED = "proxy";

/**
 * Describes the options of a command, without its operand.
 *
 * @param table The command's options.
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
 * Groups the commands of two words by their first word.
 *
 * @param commands All commands.
 * @returns For example `cert` with `cert init`, `cert issue` and so on.
 */
export function groupsOf(
  commands: readonly DescribedCommand[],
): Map<string, DescribedCommand[]> {
  const pairs = commands.filter(({ name }) => name.includes(" "));
  return Map.groupBy(pairs, ({ name }) => name.split(" ")[0]!);
}

/** The first clause of a help text, which carries most of the meaning. */
function briefOf(help: string): string {
  const [clause = help] = help.split(/; |\. | \(|, such as/);
  return clause.length <= MOST_BRIEF
    ? clause
    : `${clause.slice(0, MOST_BRIEF - 1)}…`;
}
