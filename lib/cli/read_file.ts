/**
 * Files that an operator names, read to their end within bounds: whatever the
 * path leads to, the program neither hangs nor fills its memory.
 *
 * @module
 */

import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { toBytes } from "@std/streams/to-bytes";
import { setDeadline } from "../sync/deadline.ts";
import { explainFile, FileError } from "./file_error.ts";
import { requireRead } from "../net/system/system_file.ts";

/** Bytes that a file may have, unless its reader says otherwise. */
const MOST_BYTES = 16 * 2 ** 20;

/** Milliseconds to its end: of a pipe, whoever writes to it decides that. */
const PATIENCE = 30_000;

/** Pipes that are remembered; then the first of them is forgotten. */
const MOST_PIPES = 64;

/** Options for {@linkcode readFile} and {@linkcode readText}. */
export interface ReadFileOptions {
  /** Bytes that it may have (default 16 MiB). */
  most?: number;
  /** Milliseconds until its end has to be there (default 30 s). */
  patience?: number;
}

/** A pipe: it says what it has to say only once. */
interface Pipe {
  reading: Promise<Uint8Array<ArrayBuffer>>;
  /** All that it said, once its end has come. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Those that were read, by what tells them apart. */
const pipes = new Map<string, Pipe>();

/**
 * Reads a file to its end. A pipe, such as a shell makes of `<(…)`, gives what
 * it gave the first time whenever it is read again.
 *
 * @param options How much there may be of it.
 * @returns All that is in it; not to be changed.
 * @throws {FileError} If it can't be read, or not within bounds. It repeats
 *   nothing of what is in it.
 */
export async function readFile(
  path: string,
  { most = MOST_BYTES, patience = PATIENCE }: ReadFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    requireRead(path);
    const info = await Deno.stat(path);
    if (info.isDirectory) throw new FileError(path, "it is a folder");
    if (info.isFile && info.size > most) throw tooLarge(path, most);
    if (info.isFile) return await readToEnd(path, most, patience);
    const bytes = await readOnce(path, info, { most, patience });
    if (bytes.length > most) throw tooLarge(path, most);
    return bytes;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(path, explainFile(path, error), { cause: error });
  }
}

/**
 * Reads a file of text.
 *
 * @param options How much there may be of it.
 * @throws {FileError} If it can't be read, or is not UTF-8.
 */
export async function readText(
  path: string,
  options?: ReadFileOptions,
): Promise<string> {
  const bytes = await readFile(path, options);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FileError(path, "it is not UTF-8", { cause: error });
  }
}

/**
 * Tells what pipes have said so far, for another thread.
 *
 * @returns What was read, by what tells pipes apart.
 */
export function knownPipes(): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(
    [...pipes].flatMap(([key, { bytes }]) =>
      bytes === undefined ? [] : [[key, bytes] as const]
    ),
  );
}

/**
 * Takes what pipes have said in another thread: here they would say no more.
 *
 * @param known What {@linkcode knownPipes} told there.
 */
export function knowPipes(
  known: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): void {
  for (const [key, bytes] of known) {
    pipes.set(key, { reading: Promise.resolve(bytes), bytes });
  }
}

async function readOnce(
  path: string,
  { birthtime, dev, ino }: Deno.FileInfo,
  { most, patience }: Required<ReadFileOptions>,
): Promise<Uint8Array<ArrayBuffer>> {
  // Another pipe in the place of one that is gone may get its number.
  const key = [dev, ino, birthtime?.getTime()].join(" ");
  const known = pipes.get(key);
  if (known !== undefined) return await known.reading;
  const reading = readToEnd(path, most, patience);
  const pipe: Pipe = { reading, bytes: undefined };
  pipes.set(key, pipe);
  if (pipes.size > MOST_PIPES) pipes.delete(pipes.keys().next().value!);
  try {
    return pipe.bytes = await reading;
  } catch (error) {
    pipes.delete(key);
    throw error;
  }
}

/** A read that does not end can't be interrupted, only be left alone. */
async function readToEnd(
  path: string,
  most: number,
  patience: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const late = Promise.withResolvers<never>();
  const giveUp = new AbortController();
  const deadline = setDeadline(patience, () => {
    const reason = `its end has not come within ${patience / 1000} s`;
    const fault = new FileError(path, reason);
    giveUp.abort(fault);
    late.reject(fault);
  });
  try {
    const reading = readAll(path, most, giveUp.signal);
    reading.catch(() => {}); // Nobody is left to be told of it.
    return await Promise.race([reading, late.promise]);
  } finally {
    deadline.clear();
  }
}

async function readAll(
  path: string,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { readable } = await Deno.open(path); // The stream closes the file.
  const within = new LimitedBytesTransformStream(most, { error: true });
  try {
    return await toBytes(readable.pipeThrough(within, { signal }));
  } catch (error) {
    throw error instanceof RangeError ? tooLarge(path, most) : error;
  }
}

function tooLarge(path: string, most: number): FileError {
  const size = most < 2 ** 20 ? `${most / 1024} KiB` : `${most / 2 ** 20} MiB`;
  return new FileError(path, `it is larger than ${size}`);
}
