/**
 * The proxy in a process that can be examined while it works.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { freePort, isListening } from "../bench/port.ts";
import { descriptorsOf, memoryOf } from "../bench/process_tree.ts";
import { type Contents, Inspector } from "./inspector.ts";

/** Milliseconds until the proxy must listen. */
const STARTS = 30_000;

/**
 * Milliseconds without a change after which the remaining descriptors count as
 * leaked; refused clients have 2 s.
 */
const SETTLES = 2_500;

/** The resources of the process. */
export interface Sample extends Contents {
  descriptors: number;
  /** Bytes of memory. */
  memory: number;
}

/** The proxy. Disposing of it kills the process. */
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
   * Starts the proxy, and waits until it listens.
   *
   * @param program The module to run.
   * @param args Further options.
   * @param tell Receives logged warnings and errors.
   * @throws {Error} If it does not listen.
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
   * Takes a sample. It first waits until the number of descriptors has fallen
   * to a limit, or no longer changes.
   *
   * @param descriptors The limit (default none).
   * @returns The sample after garbage collection.
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
