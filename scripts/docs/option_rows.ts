/**
 * Rows of the manual's option tables, from the declarations.
 *
 * @module
 */

import {
  type Option,
  type OptionTable,
  spellRequirement,
} from "../../lib/cli/option.ts";

/** Largest count of an option without a declared limit. */
const UNBOUNDED = 999_999_999;

/** A default in the words of a help text. */
const SPOKEN_DEFAULT = / \(default:? ([^()]*(?:\([^()]*\))?[^()]*)\)$/;

/**
 * Formats a table of options.
 *
 * @param table The options of a command.
 * @param names Names of the options to show, in order.
 * @returns Lines of Markdown.
 */
export function optionTable(
  table: OptionTable,
  names: readonly string[],
): string[] {
  return [
    "| option | default | what it does |",
    "| --- | --- | --- |",
    ...names.map((name) => {
      const option = table[name]!;
      const cells = [nameCell(name, option), defaultCell(option)];
      return `| ${[...cells, helpCell(option)].join(" | ")} |`;
    }),
  ];
}

function nameCell(name: string, option: Option<unknown>): string {
  const { value, short, isOperand } = option;
  if (isOperand) return code(value ?? name.toUpperCase());
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined
    ? code(long)
    : `${code(`-${short}`)}, ${code(long)}`;
}

function defaultCell(option: Option<unknown>): string {
  if (option.default !== undefined) return code(option.default);
  const spoken = SPOKEN_DEFAULT.exec(option.help)?.[1];
  if (spoken !== undefined) return escape(spoken);
  if (option.isOperand) return "";
  return option.kind === "flag" ? "off" : "none";
}

function helpCell(option: Option<unknown>): string {
  const needs = option.requires?.map((one) => `needs ${spellRequirement(one)}`);
  const parts = [
    option.help.replace(SPOKEN_DEFAULT, ""),
    ...needs ?? [],
    ...rangeOf(option),
  ];
  return escape(parts.join("; "))
    .replace(/(?<![\w-])--[a-z][\w-]*/g, (name) => code(name));
}

/** The range of a number; an obvious lower limit of zero is left out. */
function rangeOf({ kind, least = 0, most = UNBOUNDED }: Option<unknown>) {
  if (kind !== "count" && kind !== "size" || most >= UNBOUNDED) return [];
  return [`from ${least} to ${most}`];
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** Escapes Markdown's special characters. */
function escape(text: string): string {
  return text.replaceAll(/[\\*|<>[\]]/g, "\\$&").replaceAll("\\[", "[")
    .replaceAll("\\]", "]");
}
