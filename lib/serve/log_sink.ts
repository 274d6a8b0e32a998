/**
 * From events to lines on standard error.
 *
 * @module
 */

import type { CommonOptions } from "./options/common.ts";
import { writeAll } from "../net/write_all.ts";
import { LineWriter } from "../observe/line_writer.ts";
import type { LogEvent, TextEvent } from "../observe/log_event.ts";
import { formatJson } from "../observe/log_json.ts";
import { formatText, type LogTime } from "../observe/log_text.ts";
import { elapsed } from "../sync/elapsed.ts";

/** Milliseconds that the program waits at its end for the reader of the log. */
const FLUSH_TIMEOUT = 1_000;

/** Bytes that nobody writes into the middle of (pipe(7)). */
const PIPE_BUF = 4_096;

const NEWLINE = 0x0a;

/** Options for {@linkcode openLog}. */
export interface LogOptions {
  /** How lines look. */
  format: "text" | "json";
  /** The time of text lines (default: the clock on a terminal, or the date). */
  time?: LogTime | undefined;
  /** Leaves out what is not a warning or an error. */
  quiet: boolean;
  /**
   * Whether other threads write there too (default false): lines are then
   * written in pieces that a pipe takes as a whole.
   */
  isShared?: boolean;
}

/**
 * Takes the options of the log from those of a command.
 *
 * @param options Values of the command's options.
 * @returns How lines look and which are written.
 */
export function logOptionsOf(
  options: Pick<CommonOptions, "log" | "log-time" | "quiet">,
): Omit<LogOptions, "isShared"> {
  const { log: format, "log-time": time, quiet } = options;
  return { format, time, quiet };
}

/** A log that is open. */
export interface Log {
  /** Takes an event; it is written soon, in order. */
  write(event: LogEvent): void;
  /** Waits until all is written, but not for long where nobody reads. */
  flush(): Promise<void>;
}

/**
 * Opens the log on standard error.
 *
 * @param options How it is to be.
 * @returns The log.
 */
export function openLog(
  { format, time, quiet, isShared = false }: LogOptions,
): Log {
  const isTerminal = Deno.stderr.isTerminal();
  const style = {
    time: time ?? (isTerminal ? "clock" : "date"),
    color: isTerminal && !Deno.noColor,
  };
  const isJson = format === "json";
  const toLine = (event: TextEvent) =>
    isJson
      ? formatJson(event, Date.now())
      : formatText(event, Date.now(), style);
  const writer = new LineWriter(
    isShared ? writeWhole : writeLog,
    (count) => toLine(lossOf(count)),
  );
  return {
    write(event) {
      if (quiet && !isTrouble(event)) return;
      if (event.event !== "listening") writer.push(toLine(event));
      else if (isJson) writer.push(formatJson(event, Date.now()));
    },
    flush: () => Promise.race([writer.flush(), elapsed(FLUSH_TIMEOUT)]),
  };
}

function writeLog(bytes: Uint8Array): Promise<void> {
  return writeAll(Deno.stderr, bytes);
}

async function writeWhole(bytes: Uint8Array): Promise<void> {
  for (let begin = 0; begin < bytes.length;) {
    const end = endOfPiece(bytes, begin);
    await writeLog(bytes.subarray(begin, end));
    begin = end;
  }
}

/** As many lines as fit; a longer one is a piece of its own. */
function endOfPiece(bytes: Uint8Array, begin: number): number {
  if (bytes.length - begin <= PIPE_BUF) return bytes.length;
  const last = bytes.subarray(begin, begin + PIPE_BUF).lastIndexOf(NEWLINE);
  return last >= 0 ? begin + last + 1 : bytes.indexOf(NEWLINE, begin) + 1;
}

function lossOf(count: number): TextEvent {
  return {
    event: "message",
    level: "warning",
    code: "log-lines-lost",
    message: `${count} log lines were lost: the reader of the log is too slow`,
  };
}

/** Connections that end badly are everyday; bans and messages can be trouble. */
function isTrouble(event: LogEvent): boolean {
  if (event.event === "ban") return true;
  return event.event === "message" && event.level !== "info";
}
