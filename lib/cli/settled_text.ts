/**
 * Reads a file that another program may be writing at the moment.
 *
 * @module
 */

import { elapsed } from "../sync/elapsed.ts";
import { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { requireRead } from "../net/system/system_file.ts";

/** Milliseconds between two reads of a file. */
const LOOK = 100;

/**
 * Milliseconds for which a file must have stayed unchanged if it is written in
 * place: until all is written, it may be empty or end after any line.
 */
const QUIET = 1_000;

/** Milliseconds after which Sluice gives up on a file that keeps changing. */
const PATIENCE = 10_000;

/** The contents of a file at one time. */
export interface FileText {
  /** The whole text. */
  readonly text: string;
  /** Changes when the file does. */
  readonly state: string;
  /** Identity of the file. A file that replaces it has another one. */
  readonly id: string;
  /** Time of the last write, in milliseconds since 1970, if known. */
  readonly writtenAt: number | undefined;
  /** Permissions; `null` if it is not a regular file, for example a pipe. */
  readonly mode: number | null;
}

/** A file that can't be read. */
export interface Unreadable {
  /** The reason. */
  readonly error: unknown;
}

/** The state of a file now, even if it is missing. */
export interface FileState {
  /** Changes when the file does. */
  readonly state: string;
  /** Data of the file; `undefined` if it can't be examined. */
  readonly info: Deno.FileInfo | undefined;
  /** The reason why it can't be examined. */
  readonly error?: unknown;
}

/** A file that keeps changing. */
export class UnsettledError extends FileError {
  /**
   * Constructs an error.
   *
   * @param path Path of the file.
   * @param patience Milliseconds for which it kept changing.
   */
  constructor(path: string, patience: number) {
    super(path, `it kept changing for ${patience / 1000} s`);
    this.name = "UnsettledError";
  }
}

/** Examines a file without reading it. */
export async function stateOf(path: string): Promise<FileState> {
  try {
    requireRead(path);
    const info = await Deno.stat(path);
    const { size, mtime, mode, isFile } = info;
    // A pipe can be read only once: its fill level means nothing.
    const content = isFile ? [size, mtime?.getTime()] : [];
    return { state: [idOf(info), ...content, mode].join(" "), info };
  } catch (error) {
    return { state: String(error), info: undefined, error };
  }
}

/**
 * Reads a file once.
 *
 * @throws {FileError} If the file can't be read.
 */
export async function readContent(path: string): Promise<FileText> {
  const { state, info, error } = await stateOf(path);
  if (info === undefined) throw error;
  const text = await readText(path);
  return {
    ...{ text, state, id: idOf(info) },
    writtenAt: info.mtime?.getTime(),
    mode: info.isFile ? info.mode : null,
  };
}

/** Options for {@linkcode readSettled}. */
export interface ReadSettledOptions {
  /** The contents that are in force (default: none). */
  before?: FileText | undefined;
  /**
   * Milliseconds before giving up on a file that keeps changing (default 10 s).
   */
  patience?: number;
}

/**
 * Reads a file until two reads agree. Contents that are already in force, and
 * those of a pipe, are accepted immediately.
 *
 * @param options Known contents and time limit.
 * @throws {FileError} If the file can't be read.
 * @throws {UnsettledError} If the file keeps changing.
 */
export async function readSettled(
  path: string,
  { before, patience = PATIENCE }: ReadSettledOptions = {},
): Promise<FileText> {
  const end = performance.now() + patience;
  let seen = await contentOf(readContent(path));
  let since = performance.now();
  while (!isAtRest(seen, since, before)) {
    if (performance.now() > end) throw new UnsettledError(path, patience);
    await elapsed(LOOK);
    const next = await contentOf(readContent(path));
    if (!isSame(seen, next)) since = performance.now();
    seen = next;
  }
  if ("error" in seen) throw seen.error;
  return seen;
}

/** Returns the error of a read instead of throwing it. */
export async function contentOf(
  reading: Promise<FileText>,
): Promise<FileText | Unreadable> {
  try {
    return await reading;
  } catch (error) {
    return { error };
  }
}

function isSame(
  one: FileText | Unreadable,
  other: FileText | Unreadable,
): boolean {
  if ("error" in one) {
    return "error" in other && String(one.error) === String(other.error);
  }
  return !("error" in other) && one.state === other.state &&
    one.text === other.text;
}

/** Whether the file seems complete. */
function isAtRest(
  content: FileText | Unreadable,
  since: number,
  before: FileText | undefined,
): boolean {
  const rest = performance.now() - since;
  if ("error" in content) return rest >= LOOK;
  if (content.mode === null || content.text === before?.text) return true;
  // A file that has replaced another was complete at that moment.
  const isReplaced = before !== undefined && content.id !== before.id;
  return rest >= (isReplaced || isOld(content) ? LOOK : QUIET);
}

/**
 * Whether it has not been written for long enough, even before the first read.
 */
function isOld({ writtenAt = Infinity }: FileText): boolean {
  return Date.now() - writtenAt >= QUIET;
}

function idOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev} ${ino}`;
}
