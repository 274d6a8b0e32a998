/**
 * Logs in JSON, read as they come and as fast as a disk gives them.
 *
 * @module
 */

import { type LoggedConnection, parseConnection } from "./logged_connection.ts";

/** Options for {@linkcode LogReader}. */
export interface LogReaderOptions<T> {
  /** Makes something of a connection; lines that say the same share it. */
  judge: (connection: LoggedConnection) => T;
  /** Called for every connection, with what was made of it. */
  count: (judged: T) => void;
  /** What lines differ by, besides what was asked for (default nothing). */
  differsBy?: "client" | "listener" | "time" | undefined;
  /** Lines that are remembered; then they are forgotten (default 32,768). */
  most?: number;
  /**
   * Matches addresses, up to the colon before the port, that lines do not differ
   * by: a name may have thousands. It is sticky (default: there are none).
   */
  ignored?: RegExp;
}

/** The longest line in characters. Sluice writes none that is longer. */
const LONGEST_LINE = 1_048_576;

/** Behind the time, which always has the same length (see `log_json.ts`). */
const TIMES = '{"time":"2026-11-21T12:00:00.000Z",'.length;
const BEGINS = ["info", "warning"].map((level) =>
  `"level":"${level}","event":"connection","listener":"`
);
const CLIENT = '","client":"';
const PROTOCOL = ',"protocol":"';
const ADDRESS = ',"address":"';
const REASON = ',"reason":"';

/**
 * Reads a log as its text comes. Most lines say what others have said before, of
 * the same host and port: such a line is not parsed. As JSON it would take four
 * times as long.
 *
 * @typeParam T What is made of a connection.
 */
export class LogReader<T> {
  readonly #options: LogReaderOptions<T>;
  readonly #judged = new Map<string, { value: T }>();
  #rest = "";
  #isTooLong = false;

  /** Lines so far. */
  lines = 0;
  /** Lines that are no JSON: text of another program, or cut. */
  unreadable = 0;

  /**
   * Begins a log.
   *
   * @param options What to do with connections.
   */
  constructor(options: LogReaderOptions<T>) {
    this.#options = options;
  }

  /**
   * Reads the next piece of the text, which may end within a line.
   *
   * @param piece The piece.
   */
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

  /** Reads what is left behind the last line feed. */
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
   * Finds what tells a line from others: all from the protocol to the result,
   * and who asked, without the port.
   *
   * @returns The key; `undefined` if the line is not as Sluice writes it.
   */
  #keyOf(text: string, start: number, end: number): string | undefined {
    const { differsBy } = this.#options;
    if (differsBy === "time") return undefined;
    const head = start + TIMES;
    if (!BEGINS.some((begin) => text.startsWith(begin, head))) return undefined;
    // Within a text the quotes of these would be escaped.
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
    // A copy: a part of the text would keep all of the text.
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
