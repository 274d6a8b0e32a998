/**
 * The text of `--help`.
 *
 * @module
 */

import type { OptionTable } from "./option.ts";

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
}

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
  lines.push("", "Examples:");
  for (const [line, effect] of help.examples) {
    lines.push(`  ${line}`, ...wrap(effect, INDENT));
  }
  lines.push("", "Options:");
  for (const [name, { short, value, help: text }] of options(help)) {
    const letter = short === undefined ? "" : `-${short}, `;
    const placeholder = value === undefined ? "" : ` ${value}`;
    lines.push(`  ${letter}--${name}${placeholder}`, ...wrap(text, INDENT));
  }
  lines.push(
    "",
    ...wrap(
      "A DURATION is a number and a unit: 250ms, 10s, 5m, 1h, 1d; or 0.",
      0,
    ),
  );
  return lines.join("\n");
}

function options({ options }: CommandHelp) {
  return Object.entries(options);
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
