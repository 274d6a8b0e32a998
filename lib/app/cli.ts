/**
 * The command line: which command, its options, its exit code.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import type { Command } from "./command.ts";
import { formatHelp } from "./help.ts";
import type { OptionTable } from "./option.ts";
import { parseOptions, suggest } from "./parse_options.ts";
import { PROXY_COMMAND } from "./proxy_command.ts";
import { StartError, UsageError } from "./usage_error.ts";

/** Exit codes besides those of a command that ran. */
const EXIT = { failed: 1, usage: 2 } as const;

const COMMANDS: Readonly<Record<string, Command<OptionTable>>> = {
  proxy: PROXY_COMMAND as unknown as Command<OptionTable>,
};

/**
 * Runs what the arguments say, and reports what is wrong with them in one line.
 *
 * @param args Arguments after the program's name.
 * @returns Exit code: 0 done, 1 failed, 2 wrong arguments.
 */
export async function main(args: string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (error instanceof UsageError) return report(error, EXIT.usage);
    if (error instanceof StartError) return report(error, EXIT.failed);
    const cause = error instanceof Error ? error.message : String(error);
    return report(new Error(`Internal error: ${cause}`), EXIT.failed);
  }
}

async function dispatch(args: string[]): Promise<number> {
  const isNamed = args[0] !== undefined && !args[0].startsWith("-");
  const command = await findCommand(isNamed ? args[0]! : "proxy");
  const rest = isNamed ? args.slice(1) : args;
  const options = await parseOptions(rest, command.options);
  if (options["help"]) return print(formatHelp(command));
  if (options["version"]) return print(`sluice ${project.version}`);
  return await command.run(options);
}

async function findCommand(name: string): Promise<Command<OptionTable>> {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!;
  const nearest = await suggest(name, Object.keys(COMMANDS));
  const hint = nearest === undefined
    ? "see --help"
    : `did you mean ${nearest}?`;
  throw new UsageError(`Unknown command '${name}'; ${hint}`);
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
  return 0;
}

function report(error: Error, code: number): number {
  const line = `sluice: ${error.message.replaceAll(/\s+/g, " ")}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
  return code;
}
