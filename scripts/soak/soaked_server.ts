/**
 * The proxy in a process that is looked into while it works.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { freePort, isListening } from "../bench/port.ts";
import { descriptorsOf, memoryOf } from "../bench/process_tree.ts";
import { type Contents, Inspector } from "./inspector.ts";

/** How long it may take to listen, in milliseconds. */
const STARTS = 30_000;

/**
 * How long nothing has to change, in milliseconds, until what a load has left
 * behind is taken for what stays: refused clients have 2 s.
 */
const SETTLES = 2_500;

/** What the process holds. */
export interface Sample extends Contents {
  descriptors: number;
  /** Bytes. */
  memory: number;
}

/** The proxy; killed when disposed of. */
export class SoakedServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #inspector: Inspector;
  readonly #reading: Promise<void>;

  private constructor(
    port: number,
    process: Deno.ChildProcess,
    inspector: Inspector,
    reading: Promise<void>,
  ) {
    this.port = port;
    this.#process = process;
    this.#inspector = inspector;
    this.#reading = reading;
  }

  /**
   * Starts it.
   *
   * @param program The module to run.
   * @param args Options besides where to listen.
   * @param tell Takes lines that it logs: warnings, and errors.
   * @returns It, once it listens.
   * @throws {Error} If it does not.
   */
  static async start(
    program: string,
    args: readonly string[],
    tell: (line: string) => void,
  ): Promise<SoakedServer> {
    const port = freePort();
    const inspect = ["run", "-A", "--inspect=127.0.0.1:0", program];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...inspect, "--quiet", `--listen=127.0.0.1:${port}`, ...args],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const url = Promise.withResolvers<string>();
    const reading = readLines(process.stderr, (line) => {
      const found = /^Debugger listening on (\S+)/.exec(line)?.[1];
      if (found !== undefined) url.resolve(found);
      else if (!/^(Visit chrome|Debugger )/.test(line)) tell(line);
    });
    reading.then(() => url.reject(new Error("The proxy has ended")));
    const inspector = await Inspector.connect(await url.promise);
    const end = performance.now() + STARTS;
    while (!await isListening(port)) {
      if (performance.now() > end) throw new Error("The proxy does not listen");
    }
    return new SoakedServer(port, process, inspector, reading);
  }

  /**
   * Looks at what it holds, once it holds no more descriptors than at first, or
   * keeps those that it holds.
   *
   * @param descriptors As many as that.
   * @returns What it holds when all garbage is gone.
   */
  async look(descriptors: number = Infinity): Promise<Sample> {
    const { pid } = this.#process;
    let count = descriptorsOf(pid);
    let end = performance.now() + SETTLES;
    while (count > descriptors && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const left = descriptorsOf(pid);
      if (left !== count) end = performance.now() + SETTLES;
      count = left;
    }
    return {
      ...await this.#inspector.look(),
      descriptors: descriptorsOf(pid),
      memory: memoryOf(pid),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inspector[Symbol.dispose]();
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#reading;
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  const lines = stream
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) take(line);
}
