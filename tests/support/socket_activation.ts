/**
 * A service manager that holds a listening socket and starts processes with it:
 * systemd's own tool, and a shell that starts several.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { within } from "./sockets.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Milliseconds that a test waits on a busy machine. */
const PATIENCE = 30_000;

/**
 * Reads commands: `start` starts another process and prints its id; `stop ID`
 * asks it to end and then prints its exit code.
 */
const SUPERVISOR = `
while read -r command id; do
  case $command in
  start) sh -c 'export LISTEN_PID=$$; exec "$@"' sh "$@" & echo $! ;;
  stop) kill -TERM "$id"; wait "$id"; echo $? ;;
  esac
done
`;

/** Processes that share a listening socket. Disposing of it kills them. */
export class SocketActivation implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #running = new Set<number>();
  #isOver = false;
  #changed = Promise.withResolvers<void>();
  /** Lines of their log. */
  readonly lines: string[] = [];

  /**
   * Takes the path of systemd-socket-activate, a port of 127.0.0.1 to listen
   * on, and the program's arguments.
   */
  constructor(tool: string, port: number, ...args: string[]) {
    const program = [Deno.execPath(), "run", "-A", `${ROOT}main.ts`, ...args];
    this.#child = new Deno.Command(tool, {
      args: [
        `--listen=127.0.0.1:${port}`,
        "--fdname=proxy",
        ...["PATH", "HOME", "DENO_DIR", "NO_COLOR"].flatMap((name) =>
          Deno.env.has(name) ? ["-E", name] : []
        ),
        "sh",
        "-c",
        SUPERVISOR,
        "sh",
        ...program,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#commands = this.#child.stdin.getWriter();
    this.#answers = linesOf(this.#child.stdout).getReader();
    this.#reading = this.#read();
  }

  /** Waits until the socket is open. */
  async whenOpen(): Promise<void> {
    await this.line(/^Listening on .* as 3\.$/);
  }

  /** Starts another process, and waits until it listens; returns its id. */
  async start(): Promise<number> {
    const before = this.#listening();
    const id = await this.#ask("start");
    this.#running.add(id);
    while (this.#listening() === before) {
      if (this.#isOver) throw new Error(`Not started:\n${this.lines}`);
      await within(PATIENCE, this.#changed.promise);
    }
    return id;
  }

  /** Asks a process to end, and waits for it; returns its exit code. */
  async stop(id: number): Promise<number> {
    const code = await this.#ask(`stop ${id}`);
    this.#running.delete(id);
    return code;
  }

  /** Waits for a line of the log. */
  async line(pattern: RegExp): Promise<string> {
    while (true) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#isOver) throw new Error(`No ${pattern} in:\n${this.lines}`);
      await within(PATIENCE, this.#changed.promise);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#running) Deno.kill(id, "SIGKILL");
    await this.#commands.close().catch(() => {});
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#answers.cancel();
    await this.#reading;
  }

  #listening(): number {
    return this.lines.filter((line) => line.includes("info    Listening"))
      .length;
  }

  async #ask(command: string): Promise<number> {
    await this.#commands.write(new TextEncoder().encode(`${command}\n`));
    const { value } = await within(PATIENCE, this.#answers.read());
    return Number(value);
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#child.stderr)) {
      this.lines.push(line);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#isOver = true;
    this.#changed.resolve();
  }
}

function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<string> {
  return stream.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}
