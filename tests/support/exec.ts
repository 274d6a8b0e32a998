/**
 * `sluice exec`, for tests of what a command inside can and cannot do.
 *
 * @module
 */

import { makeFolder } from "./programs.ts";
import { spawnSluice } from "./sluice.ts";
import {
  type CommandLine,
  type Commands,
  type SluiceOptions,
  sluiceWords,
} from "./sluice_commands.ts";

/** Whether this machine supports fences, which the tests need. */
export const hasFence = Deno.build.os === "linux" && canUnshare();

/** The end of a command. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options for {@linkcode sluiceExec}. */
export interface ExecSettings
  extends Pick<SluiceOptions, "cwd" | "env" | "prefix"> {
  /** Standard input (default: none). */
  input?: string;
}

/** The arguments that run a command in a fence. */
export function execWords(args: readonly string[]): string[] {
  return sluiceWords(["exec", ...args]);
}

/** Starts a command in a fence. The caller must read its output. */
export function spawnExec(
  args: readonly string[],
  settings: ExecSettings = {},
): Deno.ChildProcess {
  const stdin = settings.input === undefined ? "null" : "piped";
  return spawnSluice(["exec", ...args], { ...settings, stdin });
}

/** Runs a command in a fence to its end. */
export async function sluiceExec(
  args: readonly string[],
  settings: ExecSettings = {},
): Promise<Ended> {
  const child = spawnExec(args, settings);
  const { input } = settings;
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { code, stderr, stdout } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** Runs a shell script in a fence. */
export function shellExec(
  script: string,
  args: readonly string[] = [],
  settings?: ExecSettings,
): Promise<Ended> {
  return sluiceExec([...args, "--", "sh", "-c", script], settings);
}

/** Keeps what a command writes, and gives it nothing to read. */
const INTO_FILES = 'exec >"$0" 2>"$1" </dev/null; shift; exec "$@"';

/**
 * Runs a command in a fence to its end, from a process that runs others too: a
 * start of the program for each would cost more than the rest.
 *
 * @param commands The process.
 * @param args As for {@linkcode sluiceExec}.
 * @param surroundings Its folder (default: that of the previous command) and
 *   more variables.
 * @returns Its end; what the command wrote to its standard error comes first.
 */
export async function execFrom(
  commands: Commands,
  args: readonly string[],
  surroundings: Pick<CommandLine, "cwd" | "env"> = {},
): Promise<Ended> {
  await using folder = await makeFolder();
  const [out, errors] = [`${folder.path}/out`, `${folder.path}/errors`];
  const at = args.indexOf("--") + 1;
  const ended = await commands.run({
    args: [
      ...["exec", ...args.slice(0, at)],
      ...["sh", "-c", INTO_FILES, out, errors, ...args.slice(at)],
    ],
    ...surroundings,
  });
  return {
    code: ended.code,
    stdout: await Deno.readTextFile(out),
    stderr: await Deno.readTextFile(errors) + ended.stderr,
  };
}

/** Processes with a word in their command line, or in their environment. */
export function processesWith(
  word: string,
  where: "cmdline" | "environ" = "cmdline",
): string[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/${where}`).includes(word);
    } catch {
      return false; // It has already ended.
    }
  }).map(({ name }) => name);
}

function canUnshare(): boolean {
  try {
    const { success } = new Deno.Command("unshare", {
      args: ["--user", "--map-current-user", "--net", "--mount", "true"],
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success;
  } catch {
    return false;
  }
}
