/**
 * A measured server in a process of its own.
 *
 * @module
 */

import { freePort, isListening } from "./port.ts";
import { processTree } from "./process_tree.ts";

/** Milliseconds until a server must listen. */
const PATIENCE = 20_000;

/** A listening server. Disposing of it kills it and all its descendants. */
export class Server implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly port: number;
  /** Milliseconds from its start until a client could connect. */
  readonly startTime: number;

  private constructor(
    process: Deno.ChildProcess,
    port: number,
    startTime: number,
  ) {
    this.#process = process;
    this.port = port;
    this.startTime = startTime;
  }

  /**
   * Starts a server, and waits until it listens.
   *
   * @param command Returns the program and its arguments for a port.
   * @throws {Error} If it ends, or does not listen in time.
   */
  static async start(command: (port: number) => string[]): Promise<Server> {
    const port = freePort();
    const [program, ...args] = command(port);
    const begun = performance.now();
    const process = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended: Deno.CommandStatus | undefined;
    process.status.then((status) => ended = status);
    while (performance.now() < begun + PATIENCE) {
      if (await isListening(port)) {
        return new Server(process, port, performance.now() - begun);
      }
      if (ended !== undefined) {
        throw new Error(`${program} ended with exit code ${ended.code}`);
      }
    }
    await endAll(process);
    throw new Error(`${program} does not listen on port ${port}`);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endAll(this.#process);
  }
}

async function endAll(process: Deno.ChildProcess): Promise<void> {
  for (const pid of processTree(process.pid)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has already ended.
    }
  }
  await process.status;
}
