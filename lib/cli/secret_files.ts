/**
 * Small files, some of them secret: read within limits, written completely or
 * not at all, by one program at a time.
 *
 * @module
 */

import { elapsed } from "../sync/elapsed.ts";
import { FileError, fileFault } from "./file_error.ts";
import { readFile } from "./read_file.ts";
import { type NewFile, replaceFiles } from "./replace_files.ts";
import { StartError } from "./usage_error.ts";

/** Most bytes of a file; a full revocation list has 350 KB. */
const MOST_BYTES = 4 * 2 ** 20;

/** Milliseconds to wait for another program that writes. */
const LOCK_LIMIT = 30_000;

/** Milliseconds between two attempts to lock. */
const LOCK_PAUSE = 20;

/**
 * Never deleted: otherwise two programs could each lock a file of their own.
 */
const LOCK_NAME = ".lock";

/** Access for the owner only, also to the lock. */
const MODE = { file: 0o600, folder: 0o700 } as const;

/**
 * Reads a file.
 *
 * @returns The text; `undefined` if the file does not exist.
 * @throws {StartError} If it can't be read. The message does not repeat its
 *   contents.
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    // Accepts invalid UTF-8: the parser of the contents reports it.
    return new TextDecoder().decode(await readFile(path, { most: MOST_BYTES }));
  } catch (error) {
    if ((error as FileError).isMissing) return undefined;
    throw fileFault("read", path, error);
  }
}

/**
 * Tells whether a path exists, even as a broken link.
 *
 * @throws {StartError} If that can't be determined.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileFault("look at", path, error);
  }
}

/**
 * Lists a directory.
 *
 * @param directory Path of the directory.
 * @returns All names in it.
 * @throws {StartError} If it can't be read.
 */
export async function listNames(directory: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(directory)) names.push(name);
    return names;
  } catch (error) {
    throw fileFault("list", directory, error);
  }
}

/**
 * Writes files that belong together. It writes all of them before it renames
 * the first, so readers always see complete files.
 *
 * @throws {StartError} If one can't be written.
 */
export async function writeFiles(files: readonly NewFile[]): Promise<void> {
  try {
    await replaceFiles(files);
  } catch (error) {
    throw cannotWrite("write", (error as FileError).path, error);
  }
}

/**
 * Creates a directory that only its owner can enter. An existing one stays
 * unchanged.
 *
 * @throws {StartError} If it can't be created.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: MODE.folder });
  } catch (error) {
    // Parent folders are created too, so `NotFound` means /proc or the like.
    const cause = error instanceof Deno.errors.NotFound
      ? new FileError(path, "the system allows no folders there")
      : error;
    throw cannotWrite("create the folder", path, cause);
  }
}

/**
 * Runs a function while this program holds a directory's lock.
 *
 * @typeParam T Result of the function.
 * @param directory An existing directory.
 * @param work Function to run.
 * @throws {StartError} If another program does not release the lock, or the
 *   directory can't be written to.
 */
export async function withLock<T>(
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  const path = `${directory}/${LOCK_NAME}`;
  using file = await openLock(path);
  const end = Date.now() + LOCK_LIMIT;
  while (!await file.tryLock(true)) {
    if (Date.now() > end) {
      throw new StartError(
        `Cannot write to ${directory}: another program has had ${path} locked for ${
          LOCK_LIMIT / 1000
        } s`,
      );
    }
    await elapsed(LOCK_PAUSE);
  }
  return await work(); // Closing the file unlocks it.
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    const mode = MODE.file;
    return await Deno.open(path, { create: true, write: true, mode });
  } catch (error) {
    throw cannotWrite("write", path, error);
  }
}

/** If the path is not writable, another folder has to be used. */
function cannotWrite(doing: string, path: string, cause: unknown): StartError {
  const { message } = fileFault(doing, path, cause, "write");
  return new StartError(`${message}; name another --dir`, { cause });
}
