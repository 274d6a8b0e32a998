/**
 * Shows the progress of reading logs.
 *
 * @module
 */

import { type SyncOutput, writeAllSync } from "../../net/write_all.ts";
import { formatBytes } from "../../observe/format_bytes.ts";

/** Milliseconds between two updates. */
const INTERVAL = 500;

/** Returns to the start of the line and clears it (ECMA-48 §8.3.41). */
const CLEAR = "\r\x1b[K";

/** Options for {@linkcode Progress}. */
export interface ProgressOptions {
  /** The output; `undefined` shows nothing. */
  output: SyncOutput | undefined;
  /** Clock in milliseconds (default `performance.now`). */
  now?: () => number;
}

/** One line that is updated in place. */
export class Progress {
  /** Total bytes; `undefined` if unknown. */
  total: number | undefined;
  readonly #output: SyncOutput | undefined;
  readonly #now: () => number;
  #bytes = 0;
  #next: number;
  #isShown = false;

  /**
   * Starts. It shows nothing in the first half second.
   *
   * @param options Output and clock.
   */
  constructor(
    { output, now = () => performance.now() }: ProgressOptions,
  ) {
    this.#output = output;
    this.#now = now;
    this.#next = now() + INTERVAL;
  }

  /** A progress on standard error, if that is a terminal. */
  static onTerminal(): Progress {
    const isTerminal = Deno.stderr.isTerminal();
    return new Progress({ output: isTerminal ? Deno.stderr : undefined });
  }

  /**
   * Adds to the progress.
   *
   * @param bytes Bytes since the last call.
   * @param lines Lines so far.
   */
  add(bytes: number, lines: number): void {
    this.#bytes += bytes;
    const time = this.#now();
    if (this.#output === undefined || time < this.#next) return;
    this.#next = time + INTERVAL;
    this.#isShown = true;
    const part = this.total === undefined
      ? formatBytes(this.#bytes)
      : `${Math.floor(100 * this.#bytes / Math.max(this.total, 1))} %`;
    this.#write(`${CLEAR}${part}, ${lines.toLocaleString("en-US")} lines`);
  }

  /** Clears the line for further output. */
  end(): void {
    if (this.#isShown) this.#write(CLEAR);
    this.#isShown = false;
  }

  #write(text: string): void {
    writeAllSync(this.#output!, new TextEncoder().encode(text));
  }
}
