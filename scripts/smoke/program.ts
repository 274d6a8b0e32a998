/**
 * The program under test: its start, its addresses and its end.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";

/** Milliseconds until a program must finish. */
export const TIME_LIMIT = 60_000;

/** The program under test. */
export interface Program {
  name: string;
  command: string[];
}

/** A running proxy. */
export interface Running {
  /** `HOST:PORT` of its listeners. */
  ipv4: string;
  ipv6: string;
  /** Asks it to stop; returns the exit code. */
  stop(): Promise<number>;
}

/** Starts the program and waits until it prints its addresses. */
export async function start(
  { command: [path, ...args] }: Program,
  env: Record<string, string>,
  more: readonly string[] = [],
): Promise<Running> {
  const child = new Deno.Command(path!, {
    args: [
      ...args,
      ...["--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--log", "json"],
      ...more,
    ],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const killer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT);
  const { found, rest } = await readPorts(child);
  clearTimeout(killer);
  return { ipv4: found[0]!, ipv6: found[1]!, stop: () => stop(child, rest) };
}

/** Reads the program's addresses. The rest of its log is discarded. */
export async function readPorts(
  child: Deno.ChildProcess,
  listeners = 2,
  pattern = /Listening on (\S+)/,
): Promise<{ found: string[]; rest: Promise<void> }> {
  const lines = child.stderr.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const found: string[] = [];
  const log: string[] = [];
  for await (const line of lines.values({ preventCancel: true })) {
    log.push(line);
    const at = pattern.exec(line)?.[1];
    if (at !== undefined) found.push(at);
    if (found.length === listeners) break;
  }
  if (found.length < listeners) {
    throw new Error(`Does not listen: ${log.join(" ")}`);
  }
  return { found, rest: lines.pipeTo(new WritableStream()) };
}

/** Reads the log to its end, so that the program never waits for a reader. */
export async function stop(
  child: Deno.ChildProcess,
  rest: Promise<void>,
): Promise<number> {
  const killer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT);
  child.kill("SIGTERM");
  const [{ code }] = await Promise.all([child.status, rest]);
  clearTimeout(killer);
  return code;
}

/** Ends a program that may have ended. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
}
