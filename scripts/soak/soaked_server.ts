/**
 * The proxy in a process that can be examined while it works.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { descriptorsOf, memoryOf } from "../bench/process_tree.ts";
import { type Contents, Inspector } from "./inspector.ts";

/** Milliseconds until the proxy must listen. */
const STARTS = 30_000;

/**
 * Milliseconds without a change after which the remaining descriptors count as
 * leaked; refused clients have 2 s.
 */
const SETTLES = 2_500;

/** Lines that the start waits for. The first is Deno's. */
const WAITED =
  /^Debugger listening on (?<url>\S+)|Listening on 127\.0\.0\.1:(?<port>\d+) /;

/** Lines that report no trouble: those of the debugger, and of the log. */
const ORDINARY =
  /^(Visit chrome|Debugger |\d{4}-\d\d-\d\d \S+ (?!warning|error|ban))/;

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
   * Starts the proxy on a port that the system chooses, and waits until it
   * listens.
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
    const inspect = ["run", "-A", "--inspect=127.0.0.1:0", program];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...inspect, "--listen=127.0.0.1:0", ...args],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const url = Promise.withResolvers<string>();
    const port = Promise.withResolvers<number>();
    const reading = readLines(process.stderr, (line) => {
      const found = WAITED.exec(line)?.groups;
      if (found?.["url"] !== undefined) url.resolve(found["url"]);
      else if (found !== undefined) port.resolve(Number(found["port"]));
      else if (!ORDINARY.test(line)) tell(line);
    });
    const fail = (what: string) => {
      const error = new Error(`The proxy ${what}`);
      url.reject(error);
      port.reject(error);
    };
    process.status.then(({ code }) => fail(`ended with exit code ${code}`));
    const patience = setTimeout(
      () => fail(`did not listen within ${STARTS / 1_000} s`),
      STARTS,
    );
    try {
      const [address, listening] = await Promise.all([
        url.promise,
        port.promise,
      ]);
      const inspector = await Inspector.connect(address);
      return new SoakedServer(listening, process, inspector, reading);
    } catch (error) {
      await end(process);
      await reading;
      throw error;
    } finally {
      clearTimeout(patience);
    }
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
    await end(this.#process);
    await this.#reading;
  }
}

/** Ends a process that may have ended by itself. */
async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await process.status;
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
