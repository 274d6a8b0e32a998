/**
 * The command line: chooses the command, parses its options, returns its exit
 * code.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import { requireDistinctEndpoints } from "../serve/distinct_endpoints.ts";
import { briefsOf } from "./describe_commands.ts";
import { COMMANDS } from "./commands.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { type CommandHelp, formatHelp } from "../cli/help.ts";
import type { OptionTable, OptionValues } from "../cli/option.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import { commandServers, type LifeOptions, runLife } from "./life.ts";
import { hintAtWord } from "../cli/option_hints.ts";
import { parseOptions, quoteArgument, suggest } from "../cli/parse_options.ts";
import { printErrors, printLines } from "../cli/print_lines.ts";
import { currentScreen, type Screen, showLines } from "../cli/screen.ts";
import { endOnMistakes } from "../serve/process_life.ts";
import { lackOfModules } from "../cli/own_modules.ts";
import { PROXY_OPTIONS } from "../proxy/options.ts";
import { requireEffect } from "../cli/requirements.ts";
import { endProgram } from "./end_program.ts";
import { formatOverview } from "./overview.ts";
import { requireProc } from "../cli/require_proc.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** What `--version` prints. */
const VERSION_LINE = `sluice ${PROGRAM_VERSION}`;

/** Exit codes besides those of a command that ran. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** The report of a failed command. */
export interface Failure {
  /** Exit code: 1 failed, 2 wrong arguments. */
  code: number;
  /** The fault and its remedy, in one line. */
  message: string;
}

/**
 * Runs a command line, and ends the program with its exit code.
 *
 * @param args Arguments after the program's name.
 */
export async function runProgram(args: string[]): Promise<void> {
  endProgram(await main(args));
}

/**
 * Runs a command line, and reports errors in one line.
 *
 * @param args Arguments after the program's name.
 * @returns Exit code: 0 done, 1 failed, 2 wrong arguments.
 */
export async function main(args: string[]): Promise<number> {
  // A program compiled from main.ts starts itself with this argument.
  if (args[0] === "exec-init") {
    return await (await import("../exec/init.ts")).runInitProgram(args);
  }
  endOnMistakes((error) => report(failureOf(error)));
  try {
    return await runCommand(args);
  } catch (error) {
    // The reader of the output, such as `head`, has closed the pipe.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT.done;
    return report(failureOf(error));
  }
}

/**
 * Converts an error into its report.
 *
 * @param error Any error.
 * @returns The exit code and the message.
 */
function failureOf(error: unknown): Failure {
  const lack = lackOfModules(error);
  if (lack !== undefined) return failureOf(lack);
  if (error instanceof UsageError) return failure(error.message, EXIT.usage);
  if (error instanceof StartError) return failure(error.message, EXIT.failed);
  const cause = error instanceof Error ? error.message : String(error);
  return failure(`Internal error: ${cause}`, EXIT.failed);
}

function failure(text: string, code: number): Failure {
  return { code, message: text.replaceAll(/\s+/g, " ") };
}

/**
 * Runs a command line.
 *
 * @param args Arguments after the program's name.
 * @returns Exit code of the command.
 * @throws {UsageError} If the arguments are wrong.
 * @throws {StartError} If the machine lacks or forbids what is needed.
 */
export async function runCommand(args: string[]): Promise<number> {
  const { name, rest } = await findCommand(args);
  if (name === undefined) return askGroup(args[0]!, rest);
  // Other commands may import Node modules.
  if (name !== "proxy") requireProc();
  const command = await COMMANDS[name]!.load();
  const { hint } = command;
  const options = await parseOptions(rest, command.options, { hint });
  if (options["help"]) {
    const isNamed = args[0] === name.split(" ")[0];
    return await show((screen) =>
      isNamed
        ? formatHelp(command, screen)
        : formatOverview(command.options, screen)
    );
  }
  if (options["version"]) return print(VERSION_LINE);
  if (!command.isExaminer) requireEffect(options);
  const isServer = "start" in command;
  if (isServer) requireDistinctEndpoints(options);
  requireProc();
  return await naming(
    command.options,
    () => isServer ? runServer(name, command, options) : command.run(options),
  );
}

function runServer(
  name: string,
  command: ServerCommand<OptionTable>,
  options: OptionValues<OptionTable>,
): Promise<number> {
  // Commands that serve also have the program's options.
  const life = options as unknown as LifeOptions;
  return runLife(life, commandServers(name, command, options));
}

/** Names the option that needs what the machine refuses. */
async function naming(
  table: OptionTable,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { cause, message, option = "" } = error;
    const isOption = Object.hasOwn(table, option) && !table[option]!.isOperand;
    if (!isOption) throw error;
    throw new StartError(`${message} (option --${option})`, { cause, option });
  }
}

/** Handles --help and --version of a group, which has no options of its own. */
async function askGroup(group: string, args: string[]): Promise<number> {
  const { version } = await parseOptions(args, ASK_OPTIONS);
  if (version) return print(VERSION_LINE);
  return await show((screen) => formatHelp(groupHelp(group), screen));
}

interface Found {
  /** `undefined` if several commands begin with the word. */
  name: string | undefined;
  rest: string[];
}

async function findCommand(args: string[]): Promise<Found> {
  const [first = "proxy", second = ""] = args;
  if (args.length === 0 || first.startsWith("-")) {
    return { name: "proxy", rest: args };
  }
  const both = `${first} ${second}`;
  if (Object.hasOwn(COMMANDS, both)) return { name: both, rest: args.slice(2) };
  if (Object.hasOwn(COMMANDS, first)) {
    return { name: first, rest: args.slice(1) };
  }
  // The word that other programs use.
  if (first === "version") {
    return { name: "proxy", rest: ["--version", ...args.slice(1)] };
  }
  const isGroup = Object.keys(COMMANDS).some((name) =>
    name.startsWith(`${first} `)
  );
  if (isGroup && (second === "" || second.startsWith("-"))) {
    return { name: undefined, rest: args.slice(1) };
  }
  const word = isGroup ? both : first;
  const shown = quoteArgument(word);
  const isWhole = shown === `'${first}'`; // Nothing was redacted.
  const meant = isWhole ? hintAtWord(first, PROXY_OPTIONS) : undefined;
  const hint = meant ?? hintAtAsked(first, second) ?? await hintAtCommand(word);
  throw new UsageError(`Unknown command ${shown}; ${hint}`);
}

/** Handles `help` and `version` of a group without dashes. */
function hintAtAsked(group: string, word: string): string | undefined {
  return Object.hasOwn(ASK_OPTIONS, word)
    ? `did you mean ${group} --${word}?`
    : undefined;
}

async function hintAtCommand(word: string): Promise<string> {
  const known = [...Object.keys(COMMANDS), ...Object.keys(ASK_OPTIONS)];
  const nearest = await suggest(word, known);
  return nearest === undefined ? "see --help" : `did you mean ${nearest}?`;
}

function groupHelp(group: string): CommandHelp {
  return {
    usage: `${group} COMMAND [OPTIONS]`,
    summary: `One of these commands has to follow 'sluice ${group}'.`,
    examples: [],
    options: {},
    commands: briefsOf(COMMANDS, `${group} `),
  };
}

async function show(format: (screen: Screen) => string): Promise<number> {
  await showLines(format(currentScreen()).split("\n"));
  return 0;
}

function print(text: string): number {
  printLines([text]);
  return 0;
}

function report({ code, message }: Failure): number {
  try {
    printErrors([`sluice: ${message}`]);
  } catch {
    // Standard error is closed or full; the exit code still tells.
  }
  return code;
}
