/**
 * The text of a file that somebody may be writing at this moment.
 *
 * @module
 */

import { elapsed } from "../sync/elapsed.ts";
import { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { requireRead } from "../net/system/system_file.ts";

/** Milliseconds between two looks at a file. */
const LOOK = 100;

/**
 * Milliseconds that a file has to have been left alone that is written where it
 * is: it may be empty, or end behind any line, until all is written.
 */
const QUIET = 1_000;

/** Milliseconds after which a file that keeps changing is given up. */
const PATIENCE = 10_000;

/** What a file held when it was read. */
export interface FileText {
  /** All that was in it. */
  readonly text: string;
  /** What tells that it has changed since. */
  readonly state: string;
  /** Which file it was: another that takes its place is another one. */
  readonly id: string;
  /** When it was last written, in milliseconds since 1970, as far as is known. */
  readonly writtenAt: number | undefined;
  /** Its permissions; `null` where it is none, such as a pipe. */
  readonly mode: number | null;
}

/** A file as it is now; that it is missing is a state of it too. */
export interface FileState {
  /** What tells that it has changed. */
  readonly state: string;
  /** What is known of it; `undefined` where it can't be looked at. */
  readonly info: Deno.FileInfo | undefined;
  /** Why it can't be looked at. */
  readonly error?: unknown;
}

/** A file that keeps changing. */
export class UnsettledError extends FileError {
  /**
   * Constructs an error.
   *
   * @param path Where the file is.
   * @param patience Milliseconds for which it did.
   */
  constructor(path: string, patience: number) {
    super(path, `it kept changing for ${patience / 1000} s`);
    this.name = "UnsettledError";
  }
}

/** Looks at a file without reading it. */
export async function stateOf(path: string): Promise<FileState> {
  try {
    requireRead(path);
    const info = await Deno.stat(path);
    const { size, mtime, mode, isFile } = info;
    // A pipe says what it has to say once: how full it is means nothing.
    const content = isFile ? [size, mtime?.getTime()] : [];
    return { state: [idOf(info), ...content, mode].join(" "), info };
  } catch (error) {
    return { state: String(error), info: undefined, error };
  }
}

/**
 * Reads a file once.
 *
 * @returns What it holds.
 * @throws {FileError} If it can't be read.
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
  /** What is in force of it (default: nothing). */
  before?: FileText | undefined;
  /** Milliseconds after which one that keeps changing is given up (default 10 s). */
  patience?: number;
}

/**
 * Reads a file until it is the same at two looks. What is in force already, or
 * comes out of a pipe, is taken at the first.
 *
 * @param options What is known of it.
 * @returns What it holds.
 * @throws {FileError} If it can't be read.
 * @throws {UnsettledError} If it keeps changing.
 */
export async function readSettled(
  path: string,
  { before, patience = PATIENCE }: ReadSettledOptions = {},
): Promise<FileText> {
  const end = performance.now() + patience;
  let seen = await look(path);
  let since = performance.now();
  while (!isAtRest(seen, since, before)) {
    if (performance.now() > end) throw new UnsettledError(path, patience);
    await elapsed(LOOK);
    const next = await look(path);
    if (!isSame(seen, next)) since = performance.now();
    seen = next;
  }
  if (seen.content === undefined) throw seen.error;
  return seen.content;
}

/** What was there at a look. */
interface Look {
  content: FileText | undefined;
  error: unknown;
}

async function look(path: string): Promise<Look> {
  try {
    return { content: await readContent(path), error: undefined };
  } catch (error) {
    return { content: undefined, error };
  }
}

function isSame(one: Look, other: Look): boolean {
  const [a, b] = [one.content, other.content];
  if (a === undefined || b === undefined) {
    return a === b && String(one.error) === String(other.error);
  }
  return a.state === b.state && a.text === b.text;
}

/** Whether nobody writes it, as far as can be told. */
function isAtRest(
  { content }: Look,
  since: number,
  before: FileText | undefined,
): boolean {
  const rest = performance.now() - since;
  if (content === undefined) return rest >= LOOK;
  if (content.mode === null || content.text === before?.text) return true;
  // One that has taken another's place was whole when it did.
  const isReplaced = before !== undefined && content.id !== before.id;
  return rest >= (isReplaced || isOld(content) ? LOOK : QUIET);
}

/** Whether it was left alone for long enough, also before the first look. */
function isOld({ writtenAt = Infinity }: FileText): boolean {
  return Date.now() - writtenAt >= QUIET;
}

function idOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev} ${ino}`;
}
