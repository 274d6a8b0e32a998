/**
 * Standard input and output as one end of a tunnel.
 *
 * @module
 */

import type { ByteChannel } from "../net/connection.ts";
import { type Output, writeAll } from "../net/write_all.ts";
import { TerminalText } from "../observe/terminal_text.ts";

/**
 * Bytes of a line, with its line end, that a Linux terminal delivers. The
 * middle of a longer line is lost before any program can read it (termios(3)).
 */
const TERMINAL_LINE = 4_096;

const LINE_FEED = 0x0a;

/** A source of bytes, such as `Deno.stdin`. */
export interface Input {
  /** Reads into the buffer: the number of bytes, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** A destination of bytes, such as `Deno.stdout`. */
export interface ClosableOutput extends Output {
  /** Signals the end of the output to its reader. */
  close(): void;
}

/** Options for {@linkcode Stdio}. */
export interface StdioOptions {
  /** Whether a person types the input. */
  isTyped: boolean;
  /** Whether a terminal shows the output. */
  isShown: boolean;
  /** Passes control characters to the terminal unchanged. */
  raw: boolean;
  /** Receives one line for each problem. Not escaped. */
  warn: (message: string) => void;
}

/** Input and output of a program, as the client of a tunnel. */
export class Stdio implements ByteChannel {
  readonly #input: Input;
  readonly #output: ClosableOutput;
  readonly #options: StdioOptions;
  readonly #text: TerminalText | undefined;
  /** Bytes of the line that the user is typing. */
  #lineLength = 0;
  readonly #waiting = new Set<(reason: unknown) => void>();
  #isDisposed = false;
  #isLineOpen = false;

  /**
   * Wraps an input and an output.
   *
   * @param input Source of the bytes to send.
   * @param output Destination of the received bytes.
   * @param options Handling of both.
   */
  constructor(input: Input, output: ClosableOutput, options: StdioOptions) {
    this.#input = input;
    this.#output = output;
    this.#options = options;
    if (options.isShown && !options.raw) this.#text = new TerminalText();
  }

  /** Whether the last line on the terminal has not ended yet. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /**
   * Reads bytes to send.
   *
   * @returns Number of bytes, or null at the end of the input.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#wait(() => this.#input.read(buffer));
    if (!this.#options.isTyped || count === null) return count;
    this.#isLineOpen = false;
    this.#lineLength += count; // A terminal returns a line per read, or a part.
    if (buffer[count - 1] !== LINE_FEED) return count;
    const length = this.#lineLength;
    this.#lineLength = 0;
    if (length >= TERMINAL_LINE) {
      this.#options.warn(
        `A line of ${
          TERMINAL_LINE - 1
        } characters was typed, the longest that the terminal takes; it may have lost some; send longer lines through a pipe`,
      );
    }
    return count;
  }

  /**
   * Writes received bytes.
   *
   * @returns Number of bytes.
   */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#print(this.#text?.push(bytes) ?? bytes);
    return bytes.length;
  }

  /** Ends the output. A pipe's reader then sees its end. */
  async closeWrite(): Promise<void> {
    if (this.#text !== undefined) await this.#print(this.#text.end());
    if (!this.#options.isShown) this.#output.close();
  }

  /**
   * Ends pending reads and writes, and refuses new ones. The system calls
   * themselves cannot be taken back.
   */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const giveUp of this.#waiting) giveUp(interrupted());
  }

  async #print(bytes: Uint8Array): Promise<void> {
    await writeAll({
      write: (part) => this.#wait(() => this.#output.write(part)),
    }, bytes);
    if (bytes.length === 0) return;
    this.#isLineOpen = bytes[bytes.length - 1] !== LINE_FEED;
  }

  async #wait<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#isDisposed) throw interrupted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    begin().then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(reject);
    }
  }
}

function interrupted(): Error {
  return new Deno.errors.Interrupted("Nobody waits for it any more");
}
