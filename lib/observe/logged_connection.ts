/**
 * Connections read back from a log in JSON, whatever its size.
 *
 * @module
 */

import type { ConnectionEvent, ConnectionResult } from "./log_event.ts";

/** What a line of the log says of a connection. */
export type LoggedConnection = Pick<
  ConnectionEvent,
  | "address"
  | "client"
  | "command"
  | "listener"
  | "protocol"
  | "result"
  | "rule"
  | "startedAt"
  | "target"
  | "targets"
  | "user"
  | "via"
>;

/** Options for {@linkcode LogReader}. */
export interface LogReaderOptions<T> {
  /** Makes something of a connection. Lines that say the same share it. */
  judge: (connection: LoggedConnection) => T;
  /** Called for every connection, with what was made of it. */
  count: (judged: T) => void;
  /** What lines have to agree in, besides what was asked for (default nothing). */
  differsBy?: "client" | "time";
}

/** Lines that were judged and are remembered; then they are forgotten. */
const MOST_REMEMBERED = 65_536;

/** The longest line in characters. Sluice writes none that is longer. */
const LONGEST_LINE = 1_048_576;

/** A value without anything escaped, which is the ordinary case. */
const PLAIN = '"[^"\\\\]*"';

/**
 * The beginning of a line as Sluice writes it (see `log_json.ts`): who, and from
 * the protocol to the result. To parse 400 bytes as JSON takes three times as
 * long as to look for these two. A line that looks otherwise is parsed.
 */
const USUAL = new RegExp(
  [
    `\\{"time":${PLAIN},"level":${PLAIN},"event":"connection",`,
    `("listener":${PLAIN},"client":"[^"\\\\]*):\\d+"(?:,"id":${PLAIN})?,`,
    `("protocol":${PLAIN}(?:,"user":${PLAIN})?,"target":${PLAIN}`,
    `(?:,"address":${PLAIN})?(?:,"via":${PLAIN})?(?:,"rule":${PLAIN})?`,
    `,"result":${PLAIN}),"reason":"`,
  ].join(""),
  "y",
);

const RESULTS: ReadonlySet<unknown> = new Set<ConnectionResult>(
  ["ok", "cut", "refused", "failed", "dropped"],
);

/** Reads a log as its text comes. */
export class LogReader<T> {
  readonly #options: LogReaderOptions<T>;
  readonly #judged = new Map<string, T>();
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
    const { count, differsBy } = this.#options;
    USUAL.lastIndex = at;
    const usual = differsBy === "time" ? null : USUAL.exec(text);
    if (usual === null) {
      const judged = this.#parse(text.slice(at, end));
      if (judged !== undefined) count(judged.value);
      return;
    }
    const [, who, what] = usual as unknown as [string, string, string];
    // A copy: a part of the text would keep all of it.
    const key = differsBy === "client" ? `${who} ${what}` : `${what} `;
    const known = this.#judged.get(key);
    if (known !== undefined) return count(known);
    const judged = this.#parse(text.slice(at, end));
    if (judged === undefined) return;
    if (this.#judged.size === MOST_REMEMBERED) this.#judged.clear();
    this.#judged.set(key, judged.value);
    count(judged.value);
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

/**
 * Parses one line of a log.
 *
 * @param line The line.
 * @returns The connection; `undefined` for other events, `unreadable` for what
 *   is no JSON object.
 */
export function parseConnection(
  line: string,
): LoggedConnection | "unreadable" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (typeof value !== "object" || value === null) return "unreadable";
  const fields = value as Readonly<Record<string, unknown>>;
  const { client, listener, result } = fields;
  const isConnection = fields["event"] === "connection" &&
    typeof client === "string" && typeof listener === "string" &&
    RESULTS.has(result);
  if (!isConnection) return undefined;
  return {
    client: client as string,
    listener: listener as string,
    result: result as ConnectionResult,
    startedAt: Date.parse(String(fields["started_at"])),
    ...textsOf(fields),
    ...commandOf(fields["command"]),
    ...targetsOf(fields["targets"]),
  };
}

const TEXTS = ["address", "protocol", "rule", "target", "user", "via"] as const;

function textsOf(
  fields: Readonly<Record<string, unknown>>,
): Partial<Record<typeof TEXTS[number], string>> {
  return Object.fromEntries(
    TEXTS.filter((name) => typeof fields[name] === "string")
      .map((name) => [name, fields[name]]),
  );
}

function commandOf(value: unknown): Pick<LoggedConnection, "command"> {
  return value === "bind" || value === "udp" ? { command: value } : {};
}

function targetsOf(value: unknown): Pick<LoggedConnection, "targets"> {
  return Array.isArray(value) ? { targets: value.map(String) } : {};
}
