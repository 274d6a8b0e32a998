/**
 * Reads logs in JSON as they arrive, at the speed of a disk.
 *
 * @module
 */

import { type LoggedConnection, parseConnection } from "./logged_connection.ts";

/** Options for {@linkcode LogReader}. */
export interface LogReaderOptions<T> {
  /** Judges a connection. Equal lines share the result. */
  judge: (connection: LoggedConnection) => T;
  /** Called for every connection with its judgement. */
  count: (judged: T) => void;
  /**
   * A further property in which lines differ, besides the request (default
   * none).
   */
  differsBy?: "client" | "listener" | "time" | undefined;
  /** Most lines to remember before all are forgotten (default 32,768). */
  most?: number;
  /**
   * Matches addresses, up to the colon before the port, that make no
   * difference: a name may have thousands. The expression must be sticky
   * (default: none).
   */
  ignored?: RegExp;
}

/** Longest line in characters. Sluice writes no longer ones. */
const LONGEST_LINE = 1_048_576;

/** Length of the leading time, which is always the same (see `log_json.ts`). */
const TIMES = '{"time":"2026-11-21T12:00:00.000Z",'.length;
const BEGINS = ["info", "warning"].map((level) =>
  `"level":"${level}","event":"connection","listener":"`
);
const CLIENT = '","client":"';
const PROTOCOL = ',"protocol":"';
const ADDRESS = ',"address":"';
const REASON = ',"reason":"';

/**
 * Reads a log as its text arrives. Most lines repeat what earlier ones say
 * about the same host and port, so they are not parsed. Parsing them as JSON
 * would take four times as long.
 *
 * @typeParam T Type of the judgement.
 */
export class LogReader<T> {
  readonly #options: LogReaderOptions<T>;
  readonly #judged = new Map<string, { value: T }>();
  #rest = "";
  #isTooLong = false;

  /** Lines so far. */
  lines = 0;
  /** Lines that are not JSON: other programs' text, or truncated. */
  unreadable = 0;

  /**
   * Creates a reader at the start of a log.
   *
   * @param options Handling of connections.
   */
  constructor(options: LogReaderOptions<T>) {
    this.#options = options;
  }

  /** Reads the next piece of text, which may end inside a line. */
  push(piece: string): void {
    const text = this.#rest + piece;
    let at = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
      this.#take(text, at, end);
      at = end + 1;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length <= LONGEST_LINE) return;
    this.#isTooLong = true;
    this.#rest = "";
  }

  /** Reads the text after the last line feed. */
  end(): void {
    if (this.#rest !== "" || this.#isTooLong) this.push("\n");
  }

  #take(text: string, at: number, end: number): void {
    this.lines++;
    if (this.#isTooLong) {
      this.#isTooLong = false;
      this.unreadable++;
      return;
    }
    const key = this.#keyOf(text, at, end);
    let judged = key === undefined ? undefined : this.#judged.get(key);
    if (judged === undefined) {
      judged = this.#parse(text.slice(at, end));
      if (judged === undefined) return;
      if (key !== undefined) this.#remember(key, judged);
    }
    this.#options.count(judged.value);
  }

  /**
   * Extracts the part that distinguishes a line: everything from the protocol
   * to the result, and the client without the port.
   *
   * @returns The key; `undefined` if the line has not the form that Sluice
   *   writes.
   */
  #keyOf(text: string, start: number, end: number): string | undefined {
    const { differsBy } = this.#options;
    if (differsBy === "time") return undefined;
    const head = start + TIMES;
    if (!BEGINS.some((begin) => text.startsWith(begin, head))) return undefined;
    // Inside a text, their quotes would be escaped.
    const from = text.indexOf(PROTOCOL, head);
    const to = text.indexOf(REASON, from);
    if (from < 0 || to < 0 || to > end) return undefined;
    const what = this.#whatOf(text, from, to);
    if (differsBy === undefined) return what;
    const listener = text.indexOf(CLIENT, head);
    const client = listener + CLIENT.length;
    if (listener < 0 || client > from) return undefined;
    if (differsBy === "listener") return text.slice(head, listener) + what;
    const quote = text.indexOf('"', client);
    return text.slice(head, text.lastIndexOf(":", quote)) + what;
  }

  #whatOf(text: string, from: number, to: number): string {
    const { ignored } = this.#options;
    const at = ignored === undefined ? -1 : text.indexOf(ADDRESS, from);
    if (ignored === undefined || at < 0 || at > to) return text.slice(from, to);
    ignored.lastIndex = at + ADDRESS.length;
    if (!ignored.test(text)) return text.slice(from, to);
    return text.slice(from, at) + text.slice(ignored.lastIndex, to);
  }

  #remember(key: string, judged: { value: T }): void {
    const { most = 32_768 } = this.#options;
    if (this.#judged.size >= most) this.#judged.clear();
    // A copy, because a substring would keep the whole text alive.
    this.#judged.set(JSON.parse(JSON.stringify(key)), judged);
  }

  #parse(line: string): { value: T } | undefined {
    const connection = parseConnection(line);
    if (connection !== "unreadable") {
      return connection && { value: this.#options.judge(connection) };
    }
    if (line.trim() !== "") this.unreadable++;
    return undefined;
  }
}
