/**
 * Small files, secret ones among them: read within bounds, written whole or
 * not at all, by one program at a time.
 *
 * @module
 */

import { explainError } from "../net/explain_error.ts";
import { type FileError, readFile } from "./read_file.ts";
import { StartError } from "./usage_error.ts";

/** Bytes that a file may have; a full revocation list has 350 KB. */
const MOST_BYTES = 4 * 2 ** 20;

/** How long to wait for another program that writes, in milliseconds. */
const LOCK_LIMIT = 30_000;

/** How often to look whether it has ended, in milliseconds. */
const LOCK_PAUSE = 20;

/** Kept where it is: deleted, two programs could each lock one of their own. */
const LOCK_NAME = ".lock";

/** Only the owner reads and writes; others read what is not secret. */
const MODE = { secret: 0o600, public: 0o644, directory: 0o700 } as const;

/** A file to write. */
export interface NewFile {
  /** Where it goes; what is there is replaced. */
  path: string;
  /** What is in it. */
  text: string;
  /** Whether only its owner may read it (default: no). */
  isSecret?: boolean;
}

/**
 * Reads a file.
 *
 * @param path Its path.
 * @returns The text, or `undefined` where there is no such file.
 * @throws {StartError} If it can't be read. It does not repeat what is in it.
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    // What is none is for whoever knows what it should be to complain of.
    return new TextDecoder().decode(await readFile(path, { most: MOST_BYTES }));
  } catch (error) {
    const { isMissing, reason } = error as FileError;
    if (isMissing) return undefined;
    throw new StartError(`Cannot read ${path}: ${reason}`, { cause: error });
  }
}

/**
 * Tells whether there is anything at a path, be it a broken link.
 *
 * @param path The path.
 * @returns Whether there is.
 * @throws {StartError} If that can't be seen.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw asStartError(`look at ${path}`, error);
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
    throw asStartError(`read ${directory}`, error);
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
  const written: string[] = [];
  try {
    for (const file of files) written.push(await writeBeside(file));
    for (const { path } of files) {
      try {
        await Deno.rename(written[0]!, path);
      } catch (error) {
        throw cannotWrite(`write ${path}`, error);
      }
      written.shift();
    }
  } finally {
    for (const path of written) await Deno.remove(path).catch(() => {});
  }
}

/**
 * Makes a directory that only its owner can enter. One that is there stays as
 * it is.
 *
 * @param path Its path.
 * @throws {StartError} If it can't be made.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: MODE.directory });
  } catch (error) {
    throw cannotWrite(`make the directory ${path}`, error);
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
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE));
  }
  return await work(); // What closes the file also unlocks it.
}

async function openLock(path: string): Promise<Deno.FsFile> {
  try {
    const mode = MODE.secret;
    return await Deno.open(path, { create: true, write: true, mode });
  } catch (error) {
    throw cannotWrite(`write ${path}`, error);
  }
}

/** Writes under a name of its own, which it returns. */
async function writeBeside(
  { path, text, isSecret }: NewFile,
): Promise<string> {
  const slash = path.lastIndexOf("/") + 1;
  const name = `.${path.slice(slash)}.${crypto.randomUUID()}`;
  const beside = path.slice(0, slash) + name;
  const mode = isSecret ? MODE.secret : MODE.public;
  try {
    // Nobody can have prepared it: it is new, and has its mode from the start.
    using file = await Deno.open(beside, {
      createNew: true,
      write: true,
      mode,
    });
    const bytes = new TextEncoder().encode(text);
    for (let count = 0; count < bytes.length;) {
      count += await file.write(bytes.subarray(count));
    }
    await file.syncData();
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw cannotWrite(`write ${path}`, error);
  }
  return beside;
}

/** Where the machine takes no files, they have to go elsewhere. */
function cannotWrite(action: string, cause: unknown): StartError {
  if (cause instanceof StartError) return cause;
  const { message } = asStartError(action, cause);
  return new StartError(`${message}; name another --dir`, { cause });
}

/** In our words: the system's repeat the path, and name system calls. */
function asStartError(action: string, cause: unknown): StartError {
  if (cause instanceof StartError) return cause;
  return new StartError(`Cannot ${action}: ${describe(cause)}`, { cause });
}

function describe(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "this user may not do that";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not given the permission";
  }
  const isMisplaced = error instanceof Deno.errors.AlreadyExists ||
    error instanceof Deno.errors.NotADirectory;
  if (isMisplaced) return "a file is where a directory should be";
  return explainError(error);
}
