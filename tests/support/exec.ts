/**
 * `sluice exec`, for tests of what a command can and cannot do in it.
 *
 * @module
 */

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Whether this machine gives fences: without, there is nothing to test. */
export const hasFence = Deno.build.os === "linux" && canUnshare();

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options for {@linkcode sluiceExec}. */
export interface ExecSettings {
  env?: Record<string, string>;
  cwd?: string;
  /** Standard input (default: none). */
  input?: string;
  /** Words in front, such as `setpriv …`. */
  prefix?: string[];
}

/** The words of a command in a fence. */
export function execWords(args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "-A", MAIN, "exec", ...args];
}

/** Starts a command in a fence; its output is to be read. */
export function spawnExec(
  args: readonly string[],
  { cwd, env, input, prefix = [] }: ExecSettings = {},
): Deno.ChildProcess {
  const [program, ...words] = [...prefix, ...execWords(args)];
  return new Deno.Command(program!, {
    args: words,
    env: { NO_COLOR: "1", ...env },
    ...cwd === undefined ? {} : { cwd },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a command in a fence until it has ended. */
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

/** Runs a script of a shell in a fence. */
export function shellExec(
  script: string,
  args: readonly string[] = [],
  settings?: ExecSettings,
): Promise<Ended> {
  return sluiceExec([...args, "--", "sh", "-c", script], settings);
}

/** Processes whose command line has a word. */
export function processesWith(word: string): string[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(word);
    } catch {
      return false; // It has ended.
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
