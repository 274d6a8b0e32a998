/**
 * `sluice exec`, for tests of what a command inside can and cannot do.
 *
 * @module
 */

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Whether this machine supports fences, which the tests need. */
export const hasFence = Deno.build.os === "linux" && canUnshare();

/** The end of a command. */
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
  /** Words before the command, such as `setpriv …`. */
  prefix?: string[];
}

/** The arguments that run a command in a fence. */
export function execWords(args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "-A", MAIN, "exec", ...args];
}

/** Starts a command in a fence. The caller must read its output. */
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
