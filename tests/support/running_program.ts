/**
 * A program that runs beside a test, which waits for the lines that it logs.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { within } from "./sockets.ts";

/** Milliseconds that a test waits on a busy machine. */
export const PATIENCE = 30_000;

/** A process with a piped standard error. Disposing of it kills it. */
export class RunningProgram implements AsyncDisposable {
  /** Complete lines of its standard error so far. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #isOver = false;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
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

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for a number of matching lines; returns the last one.
   *
   * @throws {Error} If it ends before, or takes too long.
   */
  async line(pattern: RegExp, count = 1): Promise<string> {
    for (let index = 0, found = 0;; index++) {
      while (index === this.lines.length) {
        if (this.#isOver) throw this.#missing(pattern);
        await within(PATIENCE, this.#changed.promise).catch(() => {
          throw this.#missing(pattern);
        });
      }
      const line = this.lines[index]!;
      if (pattern.test(line) && ++found === count) return line;
    }
  }

  #missing(pattern: RegExp): Error {
    return new Error(`No ${pattern} in:\n${this.lines.join("\n")}`);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end and its last line; returns its exit code. */
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

/** Splits the output of a program into lines. */
export function linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<string> {
  return stream.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}
