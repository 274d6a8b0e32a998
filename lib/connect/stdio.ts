/**
 * Standard input and output as one end of a tunnel.
 *
 * @module
 */

import type { ByteChannel } from "../net/connection.ts";
import { type Output, writeAll } from "../net/write_all.ts";
import { TerminalText } from "../observe/terminal_text.ts";

/**
 * Bytes of a line, with its end, that a Linux terminal hands over; what a longer
 * one had in between is lost before anybody can read it (termios(3)).
 */
const TERMINAL_LINE = 4_096;

const LINE_FEED = 0x0a;

/** What is read; `Deno.stdin` is one. */
export interface Input {
  /** Reads into the buffer: the number of bytes, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What is written to; `Deno.stdout` is one. */
export interface ClosableOutput extends Output {
  /** Tells the reader that this was all. */
  close(): void;
}

/** Options for {@linkcode Stdio}. */
export interface StdioOptions {
  /** Whether a person types. */
  isTyped: boolean;
  /** Whether a terminal shows the output. */
  isShown: boolean;
  /** Shows control characters as they come. */
  raw: boolean;
  /** Told what was not done as asked, in one line. Not escaped. */
  warn: (message: string) => void;
}

/** Input and output of a program, as the client of a tunnel. */
export class Stdio implements ByteChannel {
  readonly #input: Input;
  readonly #output: ClosableOutput;
  readonly #options: StdioOptions;
  readonly #text: TerminalText | undefined;
  /** Bytes of the line that is being typed. */
  #lineLength = 0;
  readonly #waiting = new Set<(reason: unknown) => void>();
  #isDisposed = false;
  #isLineOpen = false;

  /**
   * Wraps an input and an output.
   *
   * @param input What is sent.
   * @param output What takes what comes.
   * @param options How they are treated.
   */
  constructor(input: Input, output: ClosableOutput, options: StdioOptions) {
    this.#input = input;
    this.#output = output;
    this.#options = options;
    if (options.isShown && !options.raw) this.#text = new TerminalText();
  }

  /** Whether the last line on the terminal has no end yet. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /**
   * Reads what is to be sent.
   *
   * @param buffer Where to.
   * @returns How many bytes, or null at the end of the input.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#wait(() => this.#input.read(buffer));
    if (!this.#options.isTyped || count === null) return count;
    this.#isLineOpen = false;
    this.#lineLength += count; // A terminal gives one line a read, or a part.
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
   * Writes what has come.
   *
   * @param bytes What has come.
   * @returns Their number.
   */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#print(this.#text?.push(bytes) ?? bytes);
    return bytes.length;
  }

  /** Ends the output: who reads it through a pipe is told. */
  async closeWrite(): Promise<void> {
    if (this.#text !== undefined) await this.#print(this.#text.end());
    if (!this.#options.isShown) this.#output.close();
  }

  /**
   * Ends the wait for who types or who reads the output, and lets no other one
   * begin; what the system was asked for itself can't be taken back.
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
