/**
 * `sluice completion`: prints completion scripts for shells.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { bashCompletion } from "../cli/completion/bash.ts";
import {
  type DescribedCommand,
  groupsOf,
  type OperandWords,
  SHELLS,
} from "../cli/completion/described.ts";
import { fishCompletion } from "../cli/completion/fish.ts";
import { zshCompletion } from "../cli/completion/zsh.ts";
import { operand } from "../cli/declare_options.ts";
import { quoteArgument } from "../cli/parse_options.ts";
import { printText } from "../cli/print_lines.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { readTopics } from "../manual/topics.ts";
import { type CommandTable, describeCommands } from "./describe_commands.ts";
import { HELP_WORDS } from "./help_command.ts";

/** A shell that completes words. */
export type Shell = typeof SHELLS[number];

const WRITERS = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
} as const;

/** The options of the command. */
export const COMPLETION_OPTIONS = {
  "shell": operand("choice", {
    value: "SHELL",
    help: `the shell: ${SHELLS.join(", ")}`,
  }, parseShell),
  ...ASK_OPTIONS,
};

/**
 * Creates the command.
 *
 * @param commands The commands to complete.
 * @returns The command as the command line sees it.
 */
export function completionCommand(
  commands: CommandTable,
): Command<typeof COMPLETION_OPTIONS> {
  return {
    usage: "completion SHELL",
    summary:
      "Prints a script with which the shell completes commands, options and their values.",
    examples: [
      [
        'eval "$(sluice completion bash)"',
        "for this bash; in ~/.bashrc, for all",
      ],
      [
        "sluice completion zsh > ~/.zfunc/_sluice",
        "for zsh, where ~/.zfunc is a folder of fpath",
      ],
      [
        "sluice completion fish > ~/.config/fish/completions/sluice.fish",
        "for fish",
      ],
    ],
    options: COMPLETION_OPTIONS,
    run: async ({ shell }) => {
      printText(await completionScript(commands, shell));
      return 0;
    },
  };
}

/**
 * Writes the script of a shell.
 *
 * @param commands The commands to complete.
 */
export async function completionScript(
  commands: CommandTable,
  shell: Shell,
): Promise<string> {
  const described = await describeCommands(commands);
  const words = await operandWords(described);
  return WRITERS[shell](
    described.map((one) => ({ ...one, operands: words[one.name] })),
  );
}

/** The words of commands whose operands are not files. */
async function operandWords(
  commands: readonly DescribedCommand[],
): Promise<Readonly<Record<string, OperandWords>>> {
  const topics = (await readTopics()).map(({ name }) => name);
  const firsts = [...new Set(commands.map(({ name }) => name.split(" ")[0]!))];
  const seconds = [...groupsOf(commands)].map(([first, members]) =>
    [first, members.map(({ name }) => name.split(" ")[1]!)] as const
  );
  const about = [...new Set([...firsts, ...topics, ...HELP_WORDS])];
  return {
    completion: new Map([["completion", SHELLS]]),
    help: new Map([["help", about], ["options", firsts], ...seconds]),
  };
}

function parseShell(given: readonly string[]): Shell {
  const [word, ...rest] = given;
  const known = SHELLS.join(", ");
  if (word === undefined) {
    throw new SyntaxError(`is missing; write one of ${known}`);
  }
  if (rest.length > 0) {
    throw new SyntaxError(`there are several; write one of ${known}`);
  }
  const shell = SHELLS.find((one) => one === word);
  if (shell !== undefined) return shell;
  throw new SyntaxError(`${quoteArgument(word)} is not one of ${known}`);
}
