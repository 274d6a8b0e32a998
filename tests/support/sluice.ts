/**
 * The program itself, for tests of its log, its signals and its end.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { countSockets } from "./proxy_process.ts";
import { within, writeAll } from "./sockets.ts";

const ROOT = new URL("../../", import.meta.url);

/** Milliseconds that a test waits on a busy machine. */
export const PATIENCE = 30_000;

/** Variables by name. */
type Environment = Record<string, string>;

/** The program, started and listening on 127.0.0.1. */
export class Sluice implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #isOver = false;

  /** Starts the program. Environment variables may precede the arguments. */
  constructor(...given: (Environment | string)[]) {
    const [first] = given;
    const env = typeof first === "object" ? first : {};
    const args = given.filter((one) => typeof one === "string");
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", this.program, ...this.argumentsFor(args)],
      cwd: ROOT,
      env: { SLUICE_USERS: "", NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Path of the module to run. */
  protected get program(): string {
    return "main.ts";
  }

  /** Default arguments; other commands override them. */
  protected argumentsFor(args: string[]): string[] {
    return args[0] === "forward" ? args : ["--listen", "127.0.0.1:0", ...args];
  }

  async #read(): Promise<void> {
    const lines = this.#child.stderr
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.lines.push(line);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#isOver = true;
    this.#changed.resolve();
  }

  /** Waits for a number of matching lines; returns the last one. */
  async line(pattern: RegExp, count = 1): Promise<string> {
    while (true) {
      const found = this.lines.filter((line) => pattern.test(line));
      if (found.length >= count) return found[count - 1]!;
      if (this.#isOver) throw new Error(`No ${pattern} in:\n${this.lines}`);
      await within(PATIENCE, this.#changed.promise);
    }
  }

  /** Waits until the program listens. */
  async port(): Promise<number> {
    const line = await this.line(/Listening on/);
    return Number(/127\.0\.0\.1:(\d+)/.exec(line)![1]);
  }

  /** Counts the program's network sockets. */
  sockets(): number {
    return countSockets(this.#child.pid);
  }

  /** Opens a tunnel through the program, once it listens. */
  async openTunnel(target: Deno.NetAddr): Promise<Deno.TcpConn> {
    const port = await this.port();
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await greet(conn);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    assertEquals((await readReply(conn)).reply, 0);
    return conn;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the program's end. */
  async code(): Promise<number> {
    const { code } = await within(PATIENCE, this.#child.status);
    await within(PATIENCE, this.#reading);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#child.status;
    await this.#reading;
  }
}
