/**
 * Standard input and output as one end of a tunnel.
 *
 * @module
 */

import type { Channel } from "../net/connection.ts";
import { TerminalText } from "../observe/terminal_text.ts";
import { JsonLines } from "../wire/json_lines.ts";

/**
 * Bytes of a line, with its end, that a Linux terminal hands over; what a longer
 * one had in between is lost before anybody can read it (termios(3)).
 */
const TERMINAL_LINE = 4_096;

/** Lines that were left out are told of one by one, up to so many. */
const MOST_TOLD = 100;

const LINE_FEED = 0x0a;

/** What is read; `Deno.stdin` is one. */
export interface Input {
  /** Reads into the buffer: the number of bytes, or null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What is written to; `Deno.stdout` is one. */
export interface Output {
  /** Writes some of the bytes, and tells how many. */
  write(bytes: Uint8Array): Promise<number>;
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
  /** Lets only lines through that are JSON values, both ways. */
  json: boolean;
  /** Told what was not done as asked, in one line. Not escaped. */
  warn: (message: string) => void;
}

/** Input and output of a program, as the client of a tunnel. */
export class Stdio implements Channel {
  readonly #input: Input;
  readonly #output: Output;
  readonly #options: StdioOptions;
  readonly #text: TerminalText | undefined;
  readonly #typed: JsonLines | undefined;
  readonly #shown: JsonLines | undefined;
  #typedLines: Uint8Array[] = [];
  #shownLines: Uint8Array[] = [];
  /** Bytes of the line that is being typed. */
  #lineLength = 0;
  readonly #waiting = new Set<(reason: unknown) => void>();
  #isDisposed = false;
  #isEnded = false;
  #isLineOpen = false;
  #refused = 0;

  /**
   * Wraps an input and an output.
   *
   * @param input What is sent.
   * @param output What takes what comes.
   * @param options How they are treated.
   */
  constructor(input: Input, output: Output, options: StdioOptions) {
    this.#input = input;
    this.#output = output;
    this.#options = options;
    if (options.isShown && !options.raw) this.#text = new TerminalText();
    if (!options.json) return;
    this.#typed = this.#jsonLines(
      (line) => this.#typedLines.push(line),
      (number) => `Line ${number} is not sent`,
    );
    this.#shown = this.#jsonLines(
      (line) => this.#shownLines.push(line),
      (number) => `Line ${number} of the target is not printed`,
    );
  }

  /** Whether the last line on the terminal has no end yet. */
  get isLineOpen(): boolean {
    return this.#isLineOpen;
  }

  /** Lines that were left out, either way, because they are not JSON. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Reads what is to be sent.
   *
   * @param buffer Where to.
   * @returns How many bytes, or null at the end of the input.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#typed === undefined) return await this.#readInput(buffer);
    while (this.#typedLines.length === 0) {
      if (this.#isEnded) return null;
      const count = await this.#readInput(buffer);
      if (count === null) this.#typed.end();
      else this.#typed.push(buffer.subarray(0, count));
      this.#isEnded = count === null;
    }
    const line = this.#typedLines.shift()!;
    const part = line.subarray(0, buffer.length);
    if (part.length < line.length) {
      this.#typedLines.unshift(line.subarray(part.length));
    }
    buffer.set(part);
    return part.length;
  }

  /**
   * Writes what has come.
   *
   * @param bytes What has come.
   * @returns Their number.
   */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#shown === undefined) await this.#show(bytes);
    else {
      this.#shown.push(bytes);
      await this.#showLines();
    }
    return bytes.length;
  }

  /** Ends the output: who reads it through a pipe is told. */
  async closeWrite(): Promise<void> {
    this.#shown?.end();
    await this.#showLines();
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

  #jsonLines(
    onLine: (line: Uint8Array) => void,
    describe: (number: number) => string,
  ): JsonLines {
    return new JsonLines({
      onLine,
      onRefusal: (number, reason) => {
        if (this.#refused++ < MOST_TOLD) {
          this.#options.warn(`${describe(number)}: ${reason}`);
        } else if (this.#refused === MOST_TOLD + 1) {
          this.#options.warn(
            "More lines are left out; no more is said of each",
          );
        }
      },
    });
  }

  async #readInput(buffer: Uint8Array): Promise<number | null> {
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
        } characters was typed: the terminal keeps no more of one, and may have lost some; send longer lines through a pipe`,
      );
    }
    return count;
  }

  async #showLines(): Promise<void> {
    const lines = this.#shownLines;
    this.#shownLines = [];
    for (const line of lines) await this.#show(line);
  }

  #show(bytes: Uint8Array): Promise<void> {
    return this.#print(this.#text?.push(bytes) ?? bytes);
  }

  async #print(bytes: Uint8Array): Promise<void> {
    for (let count = 0; count < bytes.length;) {
      count += await this.#wait(() =>
        this.#output.write(bytes.subarray(count))
      );
    }
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
