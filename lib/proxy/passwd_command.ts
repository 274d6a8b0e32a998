/**
 * `sluice passwd`: prints a line for a users file.
 *
 * @module
 */

import {
  formatPasswordHash,
  hashPassword,
} from "../policy/users/password_hash.ts";
import { userNameFault } from "../policy/users/user_name.ts";
import type { Command } from "../cli/command.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { operand } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { printText } from "../cli/print_lines.ts";
import { readPassword } from "./read_password.ts";

/** Options of `sluice passwd`. */
export const PASSWD_OPTIONS = {
  "name": operand("text", {
    value: "NAME",
    help: "the user's name: 1 to 255 bytes, without a colon",
  }, parseName),
  ...ASK_OPTIONS,
};

/** The command as the command line sees it. */
export const PASSWD_COMMAND: Command<typeof PASSWD_OPTIONS> = {
  usage: "passwd NAME",
  summary:
    "Prints a line of a users file: the name and the hash of a password. It asks for the password twice without showing it; if standard input is not a terminal, it takes the first line of the input.",
  examples: [
    ["sluice passwd alice >> users.txt", "add Alice"],
    [
      "sluice passwd alice < password.txt >> users.txt",
      "add her with a password from a file",
    ],
  ],
  options: PASSWD_OPTIONS,
  run: runPasswd,
};

async function runPasswd(
  { name }: OptionValues<typeof PASSWD_OPTIONS>,
): Promise<number> {
  const hash = await hashPassword(await readPassword(name));
  printText(`${name}:${formatPasswordHash(hash)}\n`);
  return 0;
}

function parseName(given: readonly string[]): string {
  const [name] = given;
  if (given.length > 1) { // The second word may be a password.
    throw new SyntaxError(
      `${given.length} words were given; give only a name; Sluice asks for the password`,
    );
  }
  if (name === undefined) throw new SyntaxError("it is missing; give one name");
  const fault = userNameFault(name);
  if (fault !== undefined) throw new SyntaxError(fault);
  return name;
}
