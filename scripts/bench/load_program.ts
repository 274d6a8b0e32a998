/**
 * The program that makes the load: `load.c` where it can be compiled, otherwise
 * `load.ts`.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";

/** What one run of it has done. */
export interface LoadResult {
  /** Connections, echoes or bytes. */
  done: number;
  /** Those that did not work, or streams that broke. */
  failed: number;
  /** How long it took; not told of echoes. */
  seconds: number;
  /** Microseconds of one. */
  p50: number;
  p99: number;
}

/** Connections that a run holds open. */
export interface IdleResult {
  open: number;
  /** Those that could not be opened; it gives up after ten. */
  failed: number;
}

/** The program, by how it is started. */
export class LoadProgram {
  readonly #command: readonly string[];
  /** Whether it was compiled, and is faster than what it measures. */
  readonly isFast: boolean;

  private constructor(command: readonly string[], isFast: boolean) {
    this.#command = command;
    this.isFast = isFast;
  }

  /**
   * Compiles it with what `CC` names, or `cc`.
   *
   * @param folder Where to.
   * @returns The program; the slow one where there is no compiler.
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
      // There is no compiler.
    }
    const slow = [Deno.execPath(), "run", "--allow-net", path("load.ts")];
    return new LoadProgram(slow, false);
  }

  /**
   * Runs it to its end.
   *
   * @param words What it is to do; see `load.c`.
   * @returns What it has done.
   * @throws {Error} If it failed itself.
   */
  async run(...words: (string | number)[]): Promise<LoadResult> {
    const { success, stdout } = await this.#prepare(words, "null").output();
    if (!success) throw new Error(`Load failed: ${words.join(" ")}`);
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  /** Starts what goes on until it is disposed of. */
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

/** A run that listens to its standard input, and ends with it. */
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

  /** Tells the ports of targets. */
  async ports(): Promise<{ echo: number; sink: number }> {
    return JSON.parse(await this.#line());
  }

  /**
   * Has it hold so many connections.
   *
   * @param count How many; those beyond are closed.
   * @returns How many it holds.
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
