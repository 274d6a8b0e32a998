/**
 * An example configuration with comments on all settings, made from the option
 * tables.
 *
 * @module
 */

import { spellForFile } from "./spelling.ts";
import type { NamedWords, ServerKinds } from "./server_kinds.ts";
import { valueOf } from "../cli/file_value.ts";
import { helpOf, type Option, type OptionTable } from "../cli/option.ts";
import { PROGRAM_OPTIONS } from "../serve/options/program.ts";

const WIDTH = 79;

/**
 * Creates the example. It is valid as it is, and stays valid when a setting is
 * uncommented and its word in capitals replaced.
 *
 * @param kinds All kinds of listeners.
 */
export function exampleConfig(kinds: ServerKinds): string[] {
  return [
    "// A configuration of Sluice: JSON with comments. Try it with",
    "//   sluice check -c sluice.jsonc",
    "// What is in a comment here is what holds without it.",
    "{",
    ...settings(PROGRAM_OPTIONS, "  "),
    ...comment("what listens, and for what; at least one", "  "),
    '  "listeners": [',
    ...[...kinds].flatMap(([name, { command, options, words }]) => {
      const isFirst = name === "proxy";
      const mark = isFirst ? "" : "// ";
      const summary = spellForFile(command.summary, options);
      return [
        ...comment(summary, "    "),
        `    ${mark}{`,
        `    ${mark}  "kind": ${JSON.stringify(name)},`,
        ...named(words, options).map((line) => `    ${mark}  ${line}`),
        ...settings(options, "      ", words?.operand),
        `    ${mark}},`,
      ];
    }),
    "  ],",
    "}",
  ];
}

/** Settings as comments, each below its help. */
function settings(
  table: OptionTable,
  indent: string,
  except?: string,
): string[] {
  return Object.entries(table).flatMap(([name, option]) =>
    name === except ? [] : [
      ...comment(spellForFile(helpOf(option), table), indent),
      `${indent}// ${JSON.stringify(name)}: ${sample(option)},`,
    ]
  );
}

function sample(option: Option<unknown>): string {
  const { default: initial, kind, value } = option;
  if (kind === "flag") return "false";
  return JSON.stringify(
    initial === undefined ? value : valueOf(option, [initial]),
  );
}

function named(words: NamedWords | undefined, table: OptionTable): string[] {
  if (words === undefined) return [];
  const { value = "" } = table[words.operand]!;
  const [first, rest] = value.split(" ");
  return [
    `${JSON.stringify(words.first)}: ${JSON.stringify(first)},`,
    `${JSON.stringify(words.rest)}: [${JSON.stringify(rest)}],`,
  ];
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const isFull = indent.length + 3 + line.length + 1 + word.length > WIDTH;
    if (isFull && line !== "") {
      lines.push(line);
      line = word;
    } else line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((line) => `${indent}// ${line}`);
}
