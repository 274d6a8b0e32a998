/**
 * One JSON value a line (also known as NDJSON or JSON Lines).
 *
 * @module
 */

/** Bytes of a line at most, without its end. */
const LONGEST_LINE = 1024 * 1024;

const LINE_FEED = 0x0a;

/** What becomes of the lines. */
export interface JsonLinesOptions {
  /**
   * Takes a line that is a JSON value.
   *
   * @param line The line as it came, with its line feed.
   */
  onLine: (line: Uint8Array<ArrayBuffer>) => void;
  /**
   * Told about a line that is none, which is left out.
   *
   * @param number Which line, from 1.
   * @param reason Why, in a few words; it may hold what the line holds.
   */
  onRefusal: (number: number, reason: string) => void;
  /** Bytes of a line at most (default 1 MiB). */
  longest?: number;
}

/** Lets through the lines of a stream of bytes that are JSON values. */
export class JsonLines {
  readonly #options: JsonLinesOptions;
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 1;

  /**
   * Creates one at the beginning of the first line.
   *
   * @param options What becomes of the lines.
   */
  constructor(options: JsonLinesOptions) {
    this.#options = options;
    this.#longest = options.longest ?? LONGEST_LINE;
  }

  /**
   * Takes what comes next; lines may be cut anywhere.
   *
   * @param bytes Bytes; they are not kept.
   */
  push(bytes: Uint8Array): void {
    let start = 0;
    while (start < bytes.length) {
      const at = bytes.indexOf(LINE_FEED, start);
      const end = at < 0 ? bytes.length : at;
      this.#add(bytes.subarray(start, end));
      if (at < 0) return;
      this.#endLine();
      start = at + 1;
    }
  }

  /** Ends the last line, where it had no line feed. */
  end(): void {
    if (this.#length > 0) this.#endLine();
  }

  /** Beyond the longest, only the length is kept. */
  #add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length <= this.#longest) this.#parts.push(part.slice());
    else this.#parts = [];
  }

  #endLine(): void {
    const length = this.#length;
    const fault = length > this.#longest
      ? `it is longer than ${this.#longest} bytes`
      : undefined;
    const line = fault === undefined ? this.#join() : new Uint8Array(1);
    const number = this.#number++;
    this.#parts = [];
    this.#length = 0;
    const reason = fault ?? findFault(line.subarray(0, -1));
    if (reason === undefined) this.#options.onLine(line);
    else this.#options.onRefusal(number, reason);
  }

  #join(): Uint8Array<ArrayBuffer> {
    const line = new Uint8Array(this.#length + 1);
    let at = 0;
    for (const part of this.#parts) {
      line.set(part, at);
      at += part.length;
    }
    line[at] = LINE_FEED;
    return line;
  }
}

function findFault(line: Uint8Array): string | undefined {
  try {
    // A byte order mark is no part of JSON (RFC 8259 §8.1).
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(line);
    if (text.trim() === "") return "it is empty";
    JSON.parse(text);
    return undefined;
  } catch (error) {
    // The decoder's is a TypeError, the parser's tells what and where.
    if (!(error instanceof SyntaxError)) return "it is not UTF-8";
    return `it is not JSON: ${error.message}`;
  }
}
