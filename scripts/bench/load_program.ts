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
    const { code, stdout } = await this.#prepare(words, "null").output();
    if (code !== 0) {
      throw new Error(`load ${words.join(" ")} ended with exit code ${code}`);
    }
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  /** Starts a run that lasts until it is disposed of. */
  start(...words: (string | number)[]): RunningLoad {
    const process = this.#prepare(words, "piped").spawn();
    return new RunningLoad(process, `load ${words.join(" ")}`);
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
  readonly #name: string;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /**
   * @param process The load, with pipes.
   * @param name What it is called in errors.
   */
  constructor(process: Deno.ChildProcess, name: string) {
    this.#process = process;
    this.#name = name;
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
    // If it has ended, its exit code says more than a broken pipe.
    await this.#writer.write(new TextEncoder().encode(`${count}\n`))
      .catch(() => {});
    return JSON.parse(await this.#line());
  }

  async #line(): Promise<string> {
    const { value } = await this.#lines.read();
    if (value !== undefined) return value;
    const { code } = await this.#process.status;
    throw new Error(`${this.#name} ended with exit code ${code}`);
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
