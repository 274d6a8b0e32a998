/**
 * The program as a server, for tests of its log, its signals and its end.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { quoteShellWord } from "../../lib/cli/quote_shell_word.ts";
import { countSockets } from "./proxy_process.ts";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { RunningProgram } from "./running_program.ts";
import { SLUICE, type SluiceOptions, sluiceWords } from "./sluice_commands.ts";
import { writeAll } from "./sockets.ts";

const ROOT = new URL("../../", import.meta.url);

/** Starts the program with pipes. Its caller must read both outputs. */
export function spawnSluice(
  args: readonly string[],
  options: SluiceOptions & Pick<Deno.CommandOptions, "stdin" | "stdout"> = {},
): Deno.ChildProcess {
  const { stdin = "null", stdout = "piped" } = options;
  const [path, ...words] = sluiceWords(args, options);
  return new Deno.Command(path, {
    args: words,
    cwd: options.cwd ?? ROOT,
    env: { SLUICE_USERS: "", NO_COLOR: "1", ...options.env },
    stdin,
    stdout,
    stderr: "piped",
  }).spawn();
}

/** A server command that runs, and whose log is read. */
export class Sluice extends RunningProgram {
  /**
   * Starts a command; options for the start may precede its arguments. Without
   * a name it is the proxy, on a free port of 127.0.0.1 unless `--listen` is
   * given.
   */
  constructor(...given: (SluiceOptions | string)[]) {
    const [first] = given;
    const options = typeof first === "object" ? first : {};
    const args = given.filter((one) => typeof one === "string");
    super(spawnSluice(withPort(args), { ...options, stdout: "null" }));
  }

  /** Waits until the program listens on 127.0.0.1; returns the port. */
  async port(): Promise<number> {
    const line = await this.line(LISTENING);
    const [, text, json] = LISTENING.exec(line)!;
    return Number(text ?? json);
  }

  /** Opens a connection to the program, once it listens. */
  async connect(): Promise<Deno.TcpConn> {
    return await Deno.connect({
      hostname: "127.0.0.1",
      port: await this.port(),
    });
  }

  /** Opens a tunnel through the program, once it listens. */
  async openTunnel(target: Deno.NetAddr): Promise<Deno.TcpConn> {
    const conn = await this.connect();
    await greet(conn);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    assertEquals((await readReply(conn)).reply, 0);
    return conn;
  }

  /** Counts the program's network sockets. */
  sockets(): number {
    return countSockets(this.pid);
  }
}

/** Starts the program with a command line that it has printed. */
export function startPrinted(line: string): RunningProgram {
  const [deno, ...words] = SLUICE.map(quoteShellWord);
  const command = line
    .replace(/^deno\b/, deno!)
    .replace(/ main\.ts\b/, ` ${words.at(-1)}`);
  return new RunningProgram(
    new Deno.Command("/bin/sh", {
      args: ["-c", `exec ${command}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn(),
  );
}

/** The first address in a text log or in a JSON log. */
const LISTENING =
  /Listening on .*?127\.0\.0\.1:(\d+)|"listening".*"host":"127\.0\.0\.1","port":(\d+)/;

function withPort(args: readonly string[]): readonly string[] {
  const [first = "-"] = args;
  const isComplete = !first.startsWith("-") ||
    args.some((arg) => /^--listen\b/.test(arg));
  return isComplete ? args : ["--listen", "127.0.0.1:0", ...args];
}
