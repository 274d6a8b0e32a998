/**
 * Small files, secret ones among them: read within bounds, written whole or
 * not at all, by one program at a time.
 *
 * @module
 */

import { elapsed } from "../sync/elapsed.ts";
import { FileError, fileFault } from "./file_error.ts";
import { readFile } from "./read_file.ts";
import { type NewFile, replaceFiles } from "./replace_files.ts";
import { StartError } from "./usage_error.ts";

/** Bytes that a file may have; a full revocation list has 350 KB. */
const MOST_BYTES = 4 * 2 ** 20;

/** How long to wait for another program that writes, in milliseconds. */
const LOCK_LIMIT = 30_000;

/** How often to look whether it has ended, in milliseconds. */
const LOCK_PAUSE = 20;

/** Kept where it is: deleted, two programs could each lock one of their own. */
const LOCK_NAME = ".lock";

/** Nobody else may enter, or lock. */
const MODE = { file: 0o600, folder: 0o700 } as const;

/**
 * Reads a file.
 *
 * @returns The text, or `undefined` where there is no such file.
 * @throws {StartError} If it can't be read. It does not repeat what is in it.
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    // What is none is for whoever knows what it should be to complain of.
    return new TextDecoder().decode(await readFile(path, { most: MOST_BYTES }));
  } catch (error) {
    if ((error as FileError).isMissing) return undefined;
    throw fileFault("read", path, error);
  }
}

/**
 * Tells whether there is anything at a path, be it a broken link.
 *
 * @returns Whether there is.
 * @throws {StartError} If that can't be seen.
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
 * @param directory Its path.
 * @returns Names of all that is in it.
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
 * Writes files that belong together. All are written before the first gets its
 * name, and whoever reads one sees it whole.
 *
 * @param files What to write.
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
 * Makes a directory that only its owner can enter. One that is there stays as
 * it is.
 *
 * @throws {StartError} If it can't be made.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: MODE.folder });
  } catch (error) {
    // Those above it are made too, so none is missing: it is in /proc or so.
    const cause = error instanceof Deno.errors.NotFound
      ? new FileError(path, "the system takes no folders there")
      : error;
    throw cannotWrite("make the folder", path, cause);
  }
}

/**
 * Does something in a directory while no other program does so.
 *
 * @typeParam T What comes of it.
 * @param directory The directory, which has to be there.
 * @param work What to do.
 * @returns What came of it.
 * @throws {StartError} If another program does not end, or the directory can't
 *   be written to.
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
  return await work(); // What closes the file also unlocks it.
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    const mode = MODE.file;
    return await Deno.open(path, { create: true, write: true, mode });
  } catch (error) {
    throw cannotWrite("write", path, error);
  }
}

/** Where the machine takes no files, they have to go elsewhere. */
function cannotWrite(doing: string, path: string, cause: unknown): StartError {
  const { message } = fileFault(doing, path, cause, "write");
  return new StartError(`${message}; name another --dir`, { cause });
}
