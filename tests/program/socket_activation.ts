/**
 * A service manager that holds a listening socket and starts processes with it:
 * systemd's own tool, and a shell that starts several.
 *
 * @module
 */

import {
  linesOf,
  PATIENCE,
  RunningProgram,
} from "../support/running_program.ts";
import { sluiceWords } from "../support/sluice_commands.ts";
import { within } from "../support/sockets.ts";

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

/** What a process of the proxy logs once it serves. */
const LISTENING = /info {4}Listening/;

/** Processes that share a listening socket. Disposing of it kills them. */
export class SocketActivation extends RunningProgram {
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #commands: WritableStreamDefaultWriter<Uint8Array>;
  readonly #running = new Set<number>();

  /**
   * Takes the path of systemd-socket-activate, a port of 127.0.0.1 to listen
   * on, and the program's arguments.
   */
  constructor(tool: string, port: number, ...args: string[]) {
    const child = new Deno.Command(tool, {
      args: [
        `--listen=127.0.0.1:${port}`,
        "--fdname=proxy",
        ...["PATH", "HOME", "DENO_DIR", "NO_COLOR"].flatMap((name) =>
          Deno.env.has(name) ? ["-E", name] : []
        ),
        ...sluiceWords(args, { prefix: ["sh", "-c", SUPERVISOR, "sh"] }),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    super(child);
    this.#commands = child.stdin.getWriter();
    this.#answers = linesOf(child.stdout).getReader();
  }

  /** Waits until the socket is open. */
  async whenOpen(): Promise<void> {
    await this.line(/^Listening on .* as 3\.$/);
  }

  /** Starts another process, and waits until it listens; returns its id. */
  async start(): Promise<number> {
    const before = this.lines.filter((line) => LISTENING.test(line)).length;
    const id = await this.#ask("start");
    this.#running.add(id);
    await this.line(LISTENING, before + 1);
    return id;
  }

  /** Asks a process to end, and waits for it; returns its exit code. */
  async stop(id: number): Promise<number> {
    const code = await this.#ask(`stop ${id}`);
    this.#running.delete(id);
    return code;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#running) Deno.kill(id, "SIGKILL");
    await this.#commands.close().catch(() => {});
    await super[Symbol.asyncDispose]();
    await this.#answers.cancel();
  }

  async #ask(command: string): Promise<number> {
    await this.#commands.write(new TextEncoder().encode(`${command}\n`));
    const { value } = await within(PATIENCE, this.#answers.read());
    return Number(value);
  }
}
