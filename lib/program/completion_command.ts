/**
 * `sluice completion`: prints completion scripts for shells.
 *
 * @module
 */

import type { Command } from "../cli/command.ts";
import { bashCompletion } from "../cli/completion/bash.ts";
import { SHELLS } from "../cli/completion/described.ts";
import { fishCompletion } from "../cli/completion/fish.ts";
import { zshCompletion } from "../cli/completion/zsh.ts";
import { operand } from "../cli/declare_options.ts";
import { quoteArgument } from "../cli/parse_options.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { type CommandTable, describeCommands } from "./command_table.ts";

type Shell = typeof SHELLS[number];

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
      const text = WRITERS[shell](await describeCommands(commands));
      await new Blob([text]).stream().pipeTo(
        Deno.stdout.writable,
        { preventClose: true },
      );
      return 0;
    },
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
  throw new SyntaxError(`${quoteArgument(word)} is none of ${known}`);
}
