/**
 * The text of `--help`.
 *
 * @module
 */

import { styled, visibleLength, wrapWords } from "./layout.ts";
import { helpOf, type Option, type OptionTable } from "./option.ts";
import { OTHER_OPTIONS, sortHeadings } from "./option_groups.ts";
import { PLAIN_SCREEN, type Screen } from "./screen.ts";

/** The data for a command's help. */
export interface CommandHelp {
  /** Syntax of the command, without the program's name. */
  usage: string;
  /** What the command does, in a line or two. */
  summary: string;
  /** Example command lines, each with its effect. */
  examples: readonly (readonly [line: string, effect: string])[];
  /** The command's options. */
  options: OptionTable;
  /** Other commands to list. */
  commands?: readonly (readonly [name: string, brief: string])[];
}

const DURATION =
  "A DURATION is a number and a unit: 250ms, 10s, 5m, 1h, 1d; or 0.";

/** Columns for names. The text of a longer name starts on the next line. */
const NAMES = { least: 12, most: 28 } as const;

const MARGIN = 2;

/**
 * Formats the help of a command.
 *
 * @param screen Size and abilities of the terminal (default: 79 columns, no
 *   styles).
 * @returns Lines without the last line end.
 */
export function formatHelp(
  help: CommandHelp,
  screen: Screen = PLAIN_SCREEN,
): string {
  const { options: table, examples, commands = [] } = help;
  const lines = [
    `Usage: sluice ${help.usage}`,
    "",
    ...wrap(help.summary, screen),
  ];
  lines.push(...formatExamples(examples, screen));
  lines.push(...formatRows("Commands", commands, screen));
  const options = Object.entries(table);
  const names = options.map(([name, option]) => spellOption(name, option));
  const column = columnOf(names);
  const groups = Map.groupBy(options, ([, { group = OTHER_OPTIONS }]) => group);
  const hasOwn =
    groups.get(OTHER_OPTIONS)?.some(([name]) =>
      name !== "help" && name !== "version"
    ) ?? false;
  for (const group of sortHeadings(groups.keys(), hasOwn)) {
    const rows = groups.get(group)!.map(([name, option]) =>
      [spellOption(name, option), helpOf(option)] as const
    );
    lines.push(...formatRows(group, rows, screen, column));
  }
  if (options.some(([, { kind }]) => kind === "duration")) {
    lines.push("", DURATION);
  }
  return lines.join("\n");
}

/**
 * Formats names and their texts in two columns under a heading.
 *
 * @param heading The heading, without a colon.
 * @param rows The names and texts.
 * @param screen Size and abilities of the terminal.
 * @param column Columns for the names (default: as many as they need).
 * @returns Lines after an empty one; nothing without rows.
 */
export function formatRows(
  heading: string,
  rows: readonly (readonly [name: string, text: string])[],
  screen: Screen,
  column: number = columnOf(rows.map(([name]) => name)),
): string[] {
  if (rows.length === 0) return [];
  const width = screen.width - MARGIN - column;
  const lines = rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrapWords(text.split(" "), width);
    const room = " ".repeat(MARGIN + column);
    const shown = styled(name, "bold", screen.isStyled);
    const padding = column - visibleLength(name);
    return padding >= MARGIN
      ? [
        `  ${shown}${" ".repeat(padding)}${first}`,
        ...rest.map((line) => room + line),
      ]
      : [`  ${shown}`, ...[first, ...rest].map((line) => room + line)];
  });
  return [
    "",
    headline(heading, screen),
    ...lines.map((line) => line.trimEnd()),
  ];
}

/** The columns that names need, ignoring very long ones. */
function columnOf(names: readonly string[]): number {
  const lengths = names.map(visibleLength)
    .filter((length) => length <= NAMES.most);
  return Math.max(NAMES.least, ...lengths) + MARGIN;
}

function formatExamples(
  examples: CommandHelp["examples"],
  screen: Screen,
): string[] {
  if (examples.length === 0) return [];
  const lines = examples.flatMap(([line, effect]) => [
    `  ${styled(line, "code", screen.isStyled)}`,
    ...wrap(effect, { ...screen, width: screen.width - 6 })
      .map((text) => `      ${text}`),
  ]);
  return ["", headline("Examples", screen), ...lines];
}

function headline(text: string, { isStyled }: Screen): string {
  return styled(`${text}:`, "bold", isStyled);
}

/**
 * Spells an option with its value, as users type it.
 *
 * @returns For example `-c, --config FILE`; only the value for an operand.
 */
export function spellOption(name: string, option: Option<unknown>): string {
  const { short, value, isOperand } = option;
  if (isOperand) return value!;
  const letter = short === undefined ? "" : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function wrap(text: string, { width }: Screen): string[] {
  return wrapWords(text.split(" "), width);
}
