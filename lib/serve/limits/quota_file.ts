/**
 * The count of a daily quota, kept in a file over a restart.
 *
 * @module
 */

import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import type {
  DailyQuota,
  QuotaState,
} from "../../policy/limits/daily_quota.ts";
import {
  explainFile,
  type FileError,
  fileFault,
} from "../../cli/file_error.ts";
import { readText } from "../../cli/read_file.ts";
import { replaceFiles, requireReplaceable } from "../../cli/replace_files.ts";
import { StartError } from "../../cli/usage_error.ts";

/** Milliseconds between two writes; a crash forgets that much. */
const INTERVAL = 5_000;

/** A file that is kept up to date. */
export interface QuotaFile {
  /** Writes it a last time. Can be repeated. */
  close(): Promise<void>;
}

/**
 * Reads the file into a quota, and writes it as long as it is open. The file
 * holds the quota's state as JSON. Sluice replaces it as a whole, so that readers
 * always find a complete one.
 *
 * @param path Path of the file, which need not exist.
 * @param quota What it counts.
 * @param log Receives one event when writing starts to fail.
 * @param isCounted Whether the quota knows already what is in it (default false).
 * @returns The file; the caller closes it.
 * @throws {StartError} If it can't be read or written, or is no such file: a
 *   count that is lost is not taken for 0.
 */
export async function openQuotaFile(
  path: string,
  quota: DailyQuota,
  log: (event: LogEvent) => void,
  isCounted = false,
): Promise<QuotaFile> {
  try {
    requireReplaceable(path);
  } catch (error) {
    throw fileFault("write quota file", path, error, "write");
  }
  if (!isCounted) await restore(path, quota);
  try {
    await replace(path, quota);
  } catch (error) {
    const why = explainFile(path, error, "write");
    throw new StartError(
      `Cannot write quota file ${path}: ${why}; name a file in a folder that this user may write to`,
      { cause: error },
    );
  }
  let written = quota.revision;
  let hasFailed = false;
  let writing = Promise.resolve();

  async function write(): Promise<void> {
    const { revision } = quota;
    if (revision === written) return;
    try {
      await replace(path, quota);
      written = revision;
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) log(writeFailure(path, error));
      hasFailed = true;
    }
  }

  function writeNext(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  const timer = setInterval(writeNext, INTERVAL);
  return {
    close() {
      clearInterval(timer);
      return writeNext();
    },
  };
}

async function restore(path: string, quota: DailyQuota): Promise<void> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    const { isMissing, reason } = error as FileError;
    if (isMissing) return;
    throw new StartError(
      `Cannot read quota file ${path}: ${reason}; name a file that this user may read and write`,
      { cause: error },
    );
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    // JSON.parse's message quotes the text, which may be another file's secret.
    throw unreadable(path, "it is not JSON");
  }
  if (!isState(state)) throw unreadable(path, "it is not a quota count");
  quota.restore(state);
}

function unreadable(path: string, state: string): StartError {
  return new StartError(
    `Cannot read quota file ${path}: ${state}; repair it, or remove it to count from 0`,
  );
}

function isState(value: unknown): value is QuotaState {
  if (typeof value !== "object" || value === null) return false;
  const { day, bytes } = value as Partial<QuotaState>;
  return typeof day === "string" && /^\d{4}-\d{2}-\d{2}$/.test(day) &&
    typeof bytes === "object" && bytes !== null && !Array.isArray(bytes) &&
    Object.values(bytes).every((count) =>
      Number.isSafeInteger(count) && count >= 0
    );
}

/** Who uses the proxy, and how much, is for its operator alone. */
function replace(path: string, quota: DailyQuota): Promise<void> {
  const text = JSON.stringify(quota.state, undefined, 2) + "\n";
  return replaceFiles([{ path, text, isSecret: true }]);
}

function writeFailure(path: string, error: unknown): LogEvent {
  const why = explainFile(path, error, "write");
  const message = `Cannot write quota file ${path}: ${why}`;
  return messageEvent("warning", "quota-unwritten", message);
}
