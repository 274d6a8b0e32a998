/**
 * Reads logs of any size in pieces.
 *
 * @module
 */

import { operand } from "../../cli/declare_options.ts";
import type { Option } from "../../cli/option.ts";
import { fileFault } from "../../cli/file_error.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { requireRead } from "../../net/system/system_file.ts";
import type { LogReader } from "../../observe/log_reader.ts";
import type { Progress } from "./progress.ts";

/** Bytes of one read. More is not faster. */
const PIECE = 64 * 1024;

/** The path for standard input. */
const STANDARD_INPUT = "-";

/** The operand of the commands that read logs. */
export const LOG_OPERAND: Option<string[], never> = operand("path", {
  value: "LOG…",
  help:
    "logs that a proxy wrote with --log json; - is standard input, as behind zcat",
}, parseLogs);

/** A log reader of any result. */
export type AnyLogReader = Pick<LogReader<unknown>, "end" | "lines" | "push">;

/**
 * Reads logs to their ends, one after the other.
 *
 * @param reader Receives their text.
 * @param progress Counts what was read.
 * @throws {UsageError} If one can't be read, because exit code 1 has another
 *   meaning.
 */
export function readLogs(
  paths: readonly string[],
  reader: AnyLogReader,
  progress: Progress,
): void {
  progress.total = sizeOf(paths);
  for (const path of paths) {
    try {
      readLog(path, reader, progress);
    } catch (error) {
      progress.end();
      throw logFault(path, error);
    }
  }
  progress.end();
}

function readLog(path: string, reader: AnyLogReader, progress: Progress): void {
  using source = openLog(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(PIECE);
  while (true) {
    const count = source.readSync(buffer);
    if (count === null) break;
    reader.push(decoder.decode(buffer.subarray(0, count), { stream: true }));
    progress.add(count, reader.lines);
  }
  reader.push(decoder.decode());
  reader.end();
}

function openLog(path: string): Disposable & Pick<Deno.FsFile, "readSync"> {
  if (path === STANDARD_INPUT) {
    return {
      readSync: (buffer) => Deno.stdin.readSync(buffer),
      [Symbol.dispose]() {},
    };
  }
  requireRead(path);
  return Deno.openSync(path);
}

/** Bytes of all logs; `undefined` if one is not a regular file. */
function sizeOf(paths: readonly string[]): number | undefined {
  let total = 0;
  for (const path of paths) {
    if (path === STANDARD_INPUT) return undefined;
    try {
      requireRead(path);
      const info = Deno.statSync(path);
      if (!info.isFile) return undefined;
      total += info.size;
    } catch (error) {
      throw logFault(path, error);
    }
  }
  return total;
}

function parseLogs(given: readonly string[]): string[] {
  if (given.length === 0) {
    throw new SyntaxError("it is missing; give the path of a log, or -");
  }
  if (given.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new SyntaxError("- is given twice; standard input is read once");
  }
  return [...given];
}

function logFault(path: string, cause: unknown): UsageError {
  const { message } = fileFault("read log", path, cause);
  return new UsageError(message, { cause });
}
