/**
 * Writes log events to standard error.
 *
 * @module
 */

import type { CommonOptions } from "./options/common.ts";
import { writeAll } from "../net/write_all.ts";
import { LineWriter } from "../observe/line_writer.ts";
import type { LogEvent, TextEvent } from "../observe/log_event.ts";
import { formatJson } from "../observe/log_json.ts";
import { formatText, type LogTime } from "../observe/log_text.ts";
import { messageEvent } from "../observe/message_event.ts";
import { waitAtMost } from "../sync/wait_at_most.ts";

/**
 * Milliseconds that the program waits at its end for a slow reader of the log.
 */
const FLUSH_TIMEOUT = 1_000;

/** Most bytes that a pipe takes without mixing in other writers (pipe(7)). */
const PIPE_BUF = 4_096;

const NEWLINE = 0x0a;

/** Options for {@linkcode openLog}. */
export interface LogOptions {
  /** Format of the lines. */
  format: "text" | "json";
  /**
   * Time in text lines (default: the time of day on a terminal, otherwise with
   * the date).
   */
  time?: LogTime | undefined;
  /** Leaves out everything but warnings and errors. */
  quiet: boolean;
  /**
   * Whether other threads write there too (default false). If so, lines are
   * written in pieces that a pipe takes as a whole.
   */
  isShared?: boolean;
}

/**
 * Takes the log settings from the options of a command.
 *
 * @param options Values of the command's options.
 * @returns Format and level of the log.
 */
export function logOptionsOf(
  options: Pick<CommonOptions, "log" | "log-time" | "quiet">,
): Omit<LogOptions, "isShared"> {
  const { log: format, "log-time": time, quiet } = options;
  return { format, time, quiet };
}

/** An open log. */
export interface Log {
  /** Receives an event, which is written soon and in order. */
  write(event: LogEvent): void;
  /** Waits until everything is written, but only briefly if nobody reads. */
  flush(): Promise<void>;
}

/**
 * Opens the log on standard error.
 *
 * @param options Format and level.
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
    flush: () => waitAtMost(FLUSH_TIMEOUT, writer.flush(), () => {}),
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

/**
 * As many lines as fit into one piece. A line that does not fit is a piece of
 * its own.
 */
function endOfPiece(bytes: Uint8Array, begin: number): number {
  if (bytes.length - begin <= PIPE_BUF) return bytes.length;
  const last = bytes.subarray(begin, begin + PIPE_BUF).lastIndexOf(NEWLINE);
  return last >= 0 ? begin + last + 1 : bytes.indexOf(NEWLINE, begin) + 1;
}

function lossOf(count: number): TextEvent {
  const message =
    `${count} log lines were lost: the reader of the log is too slow`;
  return messageEvent("warning", "log-lines-lost", message);
}

/** Failed connections are ordinary; bans and messages may need attention. */
function isTrouble(event: LogEvent): boolean {
  if (event.event === "ban") return true;
  return event.event === "message" && event.level !== "info";
}
