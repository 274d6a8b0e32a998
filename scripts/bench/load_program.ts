/**
 * The program that creates the load: `load.c` if it can be compiled, otherwise
 * `load.ts`.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";

/** Result of one run. */
export interface LoadResult {
  /** Number of connections, echoes or bytes. */
  done: number;
  /** Failed connections or echoes, or broken streams. */
  failed: number;
  /** Duration of the run; missing for echoes. */
  seconds: number;
  /** Percentiles of one duration, in microseconds. */
  p50: number;
  p99: number;
}

/** Connections that a run holds open. */
export interface IdleResult {
  open: number;
  /** Failed attempts; it gives up after ten. */
  failed: number;
}

/** The load program, and how to start it. */
export class LoadProgram {
  readonly #command: readonly string[];
  /** Whether it is compiled, and therefore faster than the servers. */
  readonly isFast: boolean;

  private constructor(command: readonly string[], isFast: boolean) {
    this.#command = command;
    this.isFast = isFast;
  }

  /**
   * Compiles the program with the compiler in `CC`, or `cc`.
   *
   * @param folder Folder of the executable.
   * @returns The program; the slow one without a compiler.
   */
  static async make(folder: string): Promise<LoadProgram> {
    const output = `${folder}/load`;
    const args = ["-O2", "-pthread", "-o", output, path("load.c")];
    try {
      const { success } = await new Deno.Command(Deno.env.get("CC") ?? "cc", {
        args,
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return new LoadProgram([output], true);
    } catch {
      // No compiler is installed.
    }
    const slow = [Deno.execPath(), "run", "--allow-net", path("load.ts")];
    return new LoadProgram(slow, false);
  }

  /**
   * Runs the program to its end.
   *
   * @param words Command and arguments; see `load.c`.
   * @throws {Error} If the program itself fails.
   */
  async run(...words: (string | number)[]): Promise<LoadResult> {
    const { success, stdout } = await this.#prepare(words, "null").output();
    if (!success) throw new Error(`Load failed: ${words.join(" ")}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  /** Starts a run that lasts until it is disposed of. */
  start(...words: (string | number)[]): RunningLoad {
    return new RunningLoad(this.#prepare(words, "piped").spawn());
  }

  #prepare(
    words: (string | number)[],
    stdin: "null" | "piped",
  ): Deno.Command {
    const [program, ...args] = [...this.#command, ...words.map(String)];
    return new Deno.Command(program!, {
      args,
      stdin,
      stdout: "piped",
      stderr: "inherit",
    });
  }
}

/** A run that reads its standard input, and ends with it. */
export class RunningLoad implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#lines = process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  /** Reads the ports of the targets. */
  async ports(): Promise<{ echo: number; sink: number }> {
    return JSON.parse(await this.#line());
  }

  /**
   * Makes the run hold a number of connections.
   *
   * @param count Number of connections; it closes any beyond.
   * @returns Number of open connections.
   */
  async hold(count: number): Promise<IdleResult> {
    await this.#writer.write(new TextEncoder().encode(`${count}\n`));
    return JSON.parse(await this.#line());
  }

  async #line(): Promise<string> {
    const { value } = await this.#lines.read();
    if (value === undefined) throw new Error("The load has ended");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // It may have ended.
    await this.#lines.cancel();
    await this.#process.status;
  }
}

function path(name: string): string {
  return `${import.meta.dirname}/${name}`;
}
