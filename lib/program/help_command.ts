/**
 * `sluice help`: commands, topics of the manual, options, and the man page.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { Command } from "../cli/command.ts";
import { operand } from "../cli/declare_options.ts";
import { formatHelp, formatRows } from "../cli/help.ts";
import { quoteArgument, suggest } from "../cli/parse_options.ts";
import { currentScreen, showLines } from "../cli/screen.ts";
import { UsageError } from "../cli/usage_error.ts";
import { searchTopics } from "../manual/search.ts";
import { readTopics, type Topic } from "../manual/topics.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import {
  briefsOf,
  type CommandEntry,
  type CommandTable,
  describeCommands,
} from "./describe_commands.ts";

/** Words after `help` that are neither a command nor a topic. */
export const HELP_WORDS = ["options", "search", "man"] as const;

/** The options of the command. */
export const HELP_OPTIONS = {
  "about": operand("text", {
    value: "WORD…",
    help:
      "a command, a topic, 'options COMMAND', 'search WORD…' or 'man' (default: a list of commands and topics)",
  }, (given) => given),
  ...ASK_OPTIONS,
};

/**
 * Creates the command.
 *
 * @param commands All commands.
 * @returns The command as the command line sees it.
 */
export function helpCommand(
  commands: CommandTable,
): Command<typeof HELP_OPTIONS> {
  return {
    usage: "help [COMMAND | TOPIC | options COMMAND | search WORD… | man]",
    summary:
      "Prints the help of a command or a topic of the manual. Text that is longer than the terminal goes through a pager.",
    examples: [
      ["sluice help", "all commands and topics"],
      ["sluice help rules", "how to write rules"],
      ["sluice help options proxy", "every option of the proxy"],
      ["sluice help search quota", "where the manual speaks of quotas"],
      ["sluice help man > sluice.1", "the manual page"],
    ],
    options: HELP_OPTIONS,
    run: async ({ about }) => {
      await showLines(await answer(about, commands));
      return 0;
    },
  };
}

async function answer(
  words: readonly string[],
  commands: CommandTable,
): Promise<string[]> {
  const [first, ...rest] = words;
  if (first === undefined) return overview(await readTopics(), commands);
  if (first === "search") return await search(rest);
  if (first === "man" && rest.length === 0) return await manPage(commands);
  const isTable = first === "options" && rest.length > 0;
  if (first === "options" && !isTable) {
    throw new UsageError(
      "'options' needs a command: sluice help options COMMAND",
    );
  }
  const name = (isTable ? rest : words).join(" ");
  const topics = await readTopics();
  const topic = topics.find((one) => one.name === name);
  // A topic says more than the options, which have their own subcommand.
  if (topic !== undefined && !isTable) return await show(topic);
  if (Object.hasOwn(commands, name)) return await commandHelp(commands[name]!);
  const members = briefsOf(commands, `${name} `);
  if (members.length > 0) {
    return formatRows("Commands", members, currentScreen()).slice(1);
  }
  const known = [...Object.keys(commands), ...topics.map(({ name }) => name)];
  const nearest = await suggest(name, known);
  const hint = nearest === undefined
    ? "'sluice help' lists them"
    : `did you mean ${nearest}?`;
  throw new UsageError(
    `${quoteArgument(name)} is neither a command nor a topic; ${hint}`,
  );
}

function overview(topics: readonly Topic[], table: CommandTable): string[] {
  const screen = currentScreen();
  return [
    "Usage: sluice help [COMMAND | TOPIC]",
    "       sluice help options COMMAND    all options of a command",
    "       sluice help search WORD…       where the manual has these words",
    "       sluice help man                the manual page, for man(1)",
    ...formatRows("Commands", briefsOf(table), screen),
    ...formatRows(
      "Topics",
      topics.map(({ brief, name }) => [name, brief]),
      screen,
    ),
  ];
}

async function show({ text }: Topic): Promise<string[]> {
  const { formatForTerminal } = await import("../manual/terminal.ts");
  return formatForTerminal(text, currentScreen());
}

async function commandHelp({ load }: CommandEntry): Promise<string[]> {
  const command = await load();
  return formatHelp(command, currentScreen()).split("\n");
}

async function search(words: readonly string[]): Promise<string[]> {
  if (words.length === 0) {
    throw new UsageError("'search' needs a word: sluice help search WORD…");
  }
  const { count, places } = searchTopics(await readTopics(), words);
  const shown = words.map(quoteArgument).join(" ");
  if (count === 0) return [`The manual does not have ${shown}.`];
  const left = count - places.length;
  return [
    ...places.map(({ heading, line, topic }) =>
      `${topic} (${heading}): ${line}`
    ),
    ...left > 0 ? [`… and ${left} more lines; give more words`] : [],
  ];
}

/**
 * Writes the manual page.
 *
 * @param table The commands that it describes.
 * @returns Lines for man(1).
 */
export async function manPage(table: CommandTable): Promise<string[]> {
  const { formatManPage } = await import("../manual/man_page.ts");
  const commands = await describeCommands(table);
  const topics = await readTopics();
  const version = PROGRAM_VERSION;
  return formatManPage({ commands, topics, version }).trimEnd().split("\n");
}
