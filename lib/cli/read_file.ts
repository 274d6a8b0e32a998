/**
 * Reads files that an operator names, within limits. Whatever the path leads
 * to, the program neither hangs nor fills its memory.
 *
 * @module
 */

import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import { toBytes } from "@std/streams/to-bytes";
import { waitAtMost } from "../sync/wait_at_most.ts";
import { explainFile, FileError, fileFault } from "./file_error.ts";
import { requireRead } from "../net/system/system_file.ts";

/** Most bytes of a file by default. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Milliseconds for the whole file. The writer of a pipe decides when it ends.
 */
const PATIENCE = 30_000;

/** Most pipes to remember. The oldest makes room. */
const MOST_PIPES = 64;

/** Options for {@linkcode readFile} and {@linkcode readText}. */
export interface ReadFileOptions {
  /** Most bytes (default 16 MiB). */
  most?: number;
  /** Milliseconds for the whole file (default 30 s). */
  patience?: number;
}

/** A pipe, which can be read only once. */
interface Pipe {
  reading: Promise<Uint8Array<ArrayBuffer>>;
  /** The whole contents, once the pipe has ended. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
}

/** Pipes read so far, by identity. */
const pipes = new Map<string, Pipe>();

/**
 * Reads a file to its end. A pipe, such as `<(…)` of a shell, yields its first
 * contents again on every later read.
 *
 * @param options Limits.
 * @returns The contents; the caller must not change them.
 * @throws {FileError} If the file can't be read, or exceeds a limit. The
 *   message repeats nothing of the contents.
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
 * Reads a text file.
 *
 * @param options Limits.
 * @throws {FileError} If the file can't be read, or is not UTF-8.
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
 * Reads a text file without which the program cannot start.
 *
 * @param doing The action, for example `read rules`.
 * @throws {StartError} If the file can't be read, or is not UTF-8.
 */
export async function requireText(
  doing: string,
  path: string,
): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    throw fileFault(doing, path, error);
  }
}

/**
 * Returns the contents of all pipes so far, for another thread.
 *
 * @returns The contents, by the identity of the pipes.
 */
export function knownPipes(): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(
    [...pipes].flatMap(([key, { bytes }]) =>
      bytes === undefined ? [] : [[key, bytes] as const]
    ),
  );
}

/**
 * Takes the contents of pipes from another thread, because they can't be read
 * again here.
 *
 * @param known Result of {@linkcode knownPipes} in the other thread.
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
  // A new pipe may get the number of an old one.
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

/** A stuck read can't be interrupted, only abandoned. */
function readToEnd(
  path: string,
  most: number,
  patience: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const giveUp = new AbortController();
  return waitAtMost(patience, readAll(path, most, giveUp.signal), () => {
    const reason = `it did not end within ${patience / 1000} s`;
    const fault = new FileError(path, reason);
    giveUp.abort(fault);
    throw fault;
  });
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
