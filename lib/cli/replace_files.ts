/**
 * Writes files completely or not at all, even through a power failure.
 *
 * ```text
 * open folder/.name.UUID (new)  ->  write all  ->  sync  ->  rename to folder/name
 * ```
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { writeAll } from "../net/write_all.ts";
import { explainFile, FileError } from "./file_error.ts";
import { folderOf } from "./folder_of.ts";

/** Only the owner can read secret files; everyone can read the others. */
const MODE = { secret: 0o600, public: 0o644 } as const;

/** A file to write. */
export interface NewFile {
  /** Path of the file; an existing one is replaced. */
  path: string;
  /** Contents of the file. */
  text: string;
  /** Whether only the owner may read it (default false). */
  isSecret?: boolean;
}

/**
 * Writes files that belong together. It writes all of them before it renames
 * the first, so readers always see complete files.
 *
 * @throws {FileError} If one can't be written.
 */
export async function replaceFiles(files: readonly NewFile[]): Promise<void> {
  const written: string[] = [];
  try {
    for (const file of files) {
      requireReplaceable(file.path);
      const beside = nameBeside(file.path);
      written.push(beside);
      await forFile(file, () => writeNew(beside, file));
    }
    for (const file of files) {
      await forFile(file, () => Deno.rename(written[0]!, file.path));
      written.shift();
    }
  } finally {
    for (const path of written) await Deno.remove(path).catch(() => {});
  }
}

/**
 * Checks that Deno may replace a file. The replacement is first written to the
 * same folder.
 *
 * @throws {FileError} If a permission for the folder is missing.
 */
export function requireReplaceable(path: string): void {
  const folder = folderOf(path);
  for (const name of ["read", "write"] as const) {
    if (isGranted({ name, path: folder })) continue;
    throw new FileError(
      path,
      `Deno was not given the permission; start it with --allow-${name}=${folder}`,
      { use: "write" },
    );
  }
}

/** A name that nobody else can have chosen. */
function nameBeside(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return `${folderOf(path)}/.${name}.${crypto.randomUUID()}`;
}

async function writeNew(
  path: string,
  { isSecret, text }: NewFile,
): Promise<void> {
  const mode = isSecret ? MODE.secret : MODE.public;
  // The file is new and has its mode from the start, so nobody can have
  // prepared it.
  using file = await Deno.open(path, { createNew: true, write: true, mode });
  await writeAll(file, new TextEncoder().encode(text));
  await file.syncData();
}

async function forFile(
  { path }: NewFile,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const reason = explainFile(path, cause, "write");
    throw new FileError(path, reason, { cause, use: "write" });
  }
}
