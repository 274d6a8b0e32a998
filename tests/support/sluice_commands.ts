/**
 * The program in its own process, as a user starts it.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { run, runOk, type RunOptions, type RunResult } from "./programs.ts";
import { within } from "./sockets.ts";

/** The program from source. */
export const SLUICE: string[] = [
  Deno.execPath(),
  "run",
  "-A",
  new URL("../../main.ts", import.meta.url).pathname,
];

/** The variables that tell Deno where its cache is. */
export function cacheEnvironment(): Record<string, string> {
  return Object.fromEntries(
    ["DENO_DIR", "HOME", "XDG_CACHE_HOME"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Runs a command to its end. */
export function sluice(
  args: string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const [path, ...before] = SLUICE;
  const env = { ...cacheEnvironment(), ...options.env };
  return run(path!, [...before, ...args], { ...options, env });
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
}

/**
 * Runs commands one after another in one process, because a start for each
 * would cost more than its work.
 *
 * @param lines The commands, or only their arguments.
 * @param env Environment variables for all of them.
 */
export async function sluiceAll(
  lines: readonly (readonly string[] | CommandLine)[],
  env: Record<string, string> = {},
): Promise<Answer[]> {
  const path = new URL("./answer_inputs.ts", import.meta.url).pathname;
  const text = await runOk(
    Deno.execPath(),
    ["run", "-A", "--no-check", path],
    {
      stdin: JSON.stringify(
        lines.map((line) => "args" in line ? line : { args: line }),
      ),
      env: { NO_COLOR: "1", ...cacheEnvironment(), ...env },
      timeLimit: 180_000, // It runs many commands.
    },
  );
  return JSON.parse(text);
}

/** A server command. Disposing of it kills it if it still runs. */
export interface SluiceServer extends AsyncDisposable {
  readonly port: number;
  /** Log lines so far. */
  readonly log: string[];
  /** Sends a signal. */
  signal(signal: Deno.Signal): void;
  /** Waits until a log line matches. */
  until(pattern: RegExp): Promise<void>;
  /** Waits until the server has ended, and returns its exit code. */
  ended(): Promise<number>;
}

/** Starts a command that listens on 127.0.0.1. */
export async function startSluice(args: string[]): Promise<SluiceServer> {
  const [path, ...before] = SLUICE;
  const child = new Deno.Command(path!, {
    args: [...before, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const log: string[] = [];
  let changed = Promise.withResolvers<void>();
  let isOver = false;
  const reading = (async () => {
    const lines = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      log.push(line);
      changed.resolve();
      changed = Promise.withResolvers();
    }
    isOver = true;
    changed.resolve();
  })();

  async function until(pattern: RegExp): Promise<void> {
    while (!log.some((line) => pattern.test(line))) {
      if (isOver) throw new Error(`It has ended: ${log.join("\n")}`);
      await within(20_000, changed.promise);
    }
  }

  async function ended(): Promise<number> {
    await within(20_000, reading);
    return (await child.status).code;
  }

  await until(/Listening on 127\.0\.0\.1:\d+/);
  return {
    port: Number(/Listening on 127\.0\.0\.1:(\d+)/.exec(log.join("\n"))![1]),
    log,
    signal: (signal) => child.kill(signal),
    until,
    ended,
    async [Symbol.asyncDispose]() {
      if (!isOver) child.kill("SIGKILL");
      await reading;
      await child.status;
    },
  };
}
