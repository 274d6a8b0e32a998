/**
 * The program in its own process, as a user starts it.
 *
 * @module
 */

import {
  cleanEnvironment,
  run,
  type RunOptions,
  type RunResult,
} from "./programs.ts";
import { linesOf, PATIENCE } from "./running_program.ts";
import { within } from "./sockets.ts";

const ROOT = new URL("../../", import.meta.url);

/** How to start the program. */
export interface SluiceOptions {
  /** What stands between `deno run` and the module (default: `-A`). */
  permissions?: readonly string[];
  /** Words before Deno, such as a shell that sets a limit. */
  prefix?: readonly string[];
  /** Path of the module (default: `main.ts`). */
  module?: string;
  /** Variables in addition to those of the test. */
  env?: Record<string, string>;
  /** Working directory (default: the root of the repository). */
  cwd?: string | URL;
}

/** The words that run the program from source. */
export function sluiceWords(
  args: readonly string[],
  { permissions = ["-A"], prefix = [], module = "main.ts" }: SluiceOptions = {},
): [string, ...string[]] {
  const path = new URL(module, ROOT).pathname;
  const words = [
    ...[...prefix, Deno.execPath(), "run"],
    ...[...permissions, path, ...args],
  ];
  return words as [string, ...string[]];
}

/** The program from source. */
export const SLUICE: readonly [string, ...string[]] = sluiceWords([]);

/** Runs a command to its end, with only the given environment. */
export function sluice(
  args: readonly string[],
  options: Omit<SluiceOptions, "cwd"> & RunOptions = {},
): Promise<RunResult> {
  const [path, ...words] = sluiceWords(args, options);
  const env = { ...cacheEnvironment(), ...options.env };
  return run(path, words, { ...options, env });
}

/** The variables that tell Deno where its cache is. */
export function cacheEnvironment(): Record<string, string> {
  return Object.fromEntries(
    ["DENO_DIR", "HOME", "XDG_CACHE_HOME"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The end of a command, and what a user saw. */
export interface Answer {
  code: number;
  /** Standard output. */
  text: string;
  stderr: string;
}

/** A command and its surroundings. */
export interface CommandLine {
  args: readonly string[];
  /** Working directory (default: that of the previous command). */
  cwd?: string;
  /** Standard input (default: nothing). */
  stdin?: string;
  /** Message of an error at its first output (default: none). */
  fails?: string;
  /**
   * Environment variables for this command; `null` removes one for good
   * (default: none).
   */
  env?: Readonly<Record<string, string | null>>;
  /** Milliseconds that it may take (default: 30,000). */
  patience?: number;
}

/** The words that start the program that answers, with some permissions. */
export function answeringWords(permissions: readonly string[]): string[] {
  const path = new URL("./answer_inputs.ts", import.meta.url).pathname;
  return [Deno.execPath(), "run", ...permissions, "--no-check", path];
}

/** The same words, with all permissions. */
export const ANSWERING: readonly string[] = answeringWords(["-A"]);

/**
 * A process that runs commands one after another, because a start for each
 * would cost more than its work. Disposing of it ends it.
 */
export class Commands implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /**
   * Starts the process.
   *
   * @param env Environment variables for all commands.
   * @param program Words that start a program which answers as
   *   `answer_inputs.ts` does (default: that one).
   */
  constructor(
    env: Readonly<Record<string, string>> = {},
    program: readonly string[] = ANSWERING,
  ) {
    const [path, ...args] = program;
    this.#child = new Deno.Command(path!, {
      args,
      clearEnv: true,
      env: {
        ...{ ...cleanEnvironment(), NO_COLOR: "1", ...cacheEnvironment() },
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#answers = linesOf(this.#child.stdout).getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  /** Runs a command, after those before it. */
  async run(line: readonly string[] | CommandLine): Promise<Answer> {
    const command: CommandLine = "args" in line ? line : { args: line };
    const { patience = PATIENCE } = command;
    const text = `${JSON.stringify(command)}\n`;
    await this.#writer.write(new TextEncoder().encode(text));
    const { value } = await within(patience, this.#answers.read());
    if (value === undefined) throw new Error(`No answer to ${text}`);
    return JSON.parse(value);
  }

  /** Runs commands one after another. */
  async runAll(
    lines: readonly (readonly string[] | CommandLine)[],
  ): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const line of lines) answers.push(await this.run(line));
    return answers;
  }

  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // It may have ended.
    await this.#answers.cancel();
    await this.#child.status;
  }
}

/**
 * A process for the commands of a test file, with whose thread it ends.
 *
 * @param program As for {@linkcode Commands}.
 */
export function sharedCommands(program?: readonly string[]): Commands {
  const commands = new Commands({}, program);
  addEventListener("unload", () => commands.kill());
  return commands;
}

/**
 * Runs commands one after another in one process.
 *
 * @param lines The commands, or only their arguments.
 * @param env Environment variables for all of them.
 */
export async function sluiceAll(
  lines: readonly (readonly string[] | CommandLine)[],
  env: Record<string, string> = {},
): Promise<Answer[]> {
  await using commands = new Commands(env);
  return await commands.runAll(lines);
}
