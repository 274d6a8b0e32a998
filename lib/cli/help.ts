/**
 * The text of `--help`.
 *
 * @module
 */

import { helpOf, type Option, type OptionTable } from "./option.ts";

/** What a command is, for its help. */
export interface CommandHelp {
  /** How it is called, without the program's name. */
  usage: string;
  /** What it does, in a line or two. */
  summary: string;
  /** Lines to type, each with what comes of it. */
  examples: readonly (readonly [line: string, effect: string])[];
  /** Its options. */
  options: OptionTable;
  /** Other commands, where it is the one to tell of them. */
  commands?: readonly (readonly [name: string, brief: string])[];
}

const DURATION =
  "A DURATION is a number and a unit: 250ms, 10s, 5m, 1h, 1d; or 0.";

const WIDTH = 79;
const INDENT = 6;

/**
 * Formats the help of a command.
 *
 * @param help What there is to say.
 * @returns Lines of 79 columns at most, without the last line's end.
 */
export function formatHelp(help: CommandHelp): string {
  const lines = [`Usage: sluice ${help.usage}`, "", ...wrap(help.summary, 0)];
  lines.push(...section("Examples:", help.examples));
  const options = Object.entries(help.options);
  const groups = Map.groupBy(options, ([, { group = "Options" }]) => group);
  for (const [group, members] of groups) {
    lines.push(...section(
      `${group}:`,
      members.map(([name, option]) => [spelling(name, option), helpOf(option)]),
    ));
  }
  lines.push(...section("Commands (each has --help):", help.commands ?? []));
  if (options.some(([, { kind }]) => kind === "duration")) {
    lines.push("", DURATION);
  }
  return lines.join("\n");
}

function section(
  title: string,
  rows: readonly (readonly [name: string, text: string])[],
): string[] {
  if (rows.length === 0) return [];
  const lines = rows.flatMap(([name, text]) => [
    `  ${name}`,
    ...wrap(text, INDENT),
  ]);
  return ["", title, ...lines];
}

function spelling(name: string, option: Option<unknown>): string {
  const { short, value, isOperand } = option;
  if (isOperand) return value!;
  const letter = short === undefined ? "" : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  lines.push(line);
  return lines.map((line) => " ".repeat(indent) + line);
}
