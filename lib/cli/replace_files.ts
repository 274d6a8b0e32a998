/**
 * Files written whole or not at all, also through a power failure.
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

/** Only the owner reads what is secret; all may read the rest. */
const MODE = { secret: 0o600, public: 0o644 } as const;

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
 * Writes files that belong together. All are written before the first gets its
 * name, and whoever reads one, at any time, sees it whole.
 *
 * @param files What to write.
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
 * Throws where Deno may not replace a file: what takes its place is written in
 * the same folder before.
 *
 * @throws {FileError} If a permission for the folder was not given.
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

/** Nobody else can have chosen the same name. */
function nameBeside(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return `${folderOf(path)}/.${name}.${crypto.randomUUID()}`;
}

async function writeNew(
  path: string,
  { isSecret, text }: NewFile,
): Promise<void> {
  const mode = isSecret ? MODE.secret : MODE.public;
  // Nobody can have prepared it: it is new, and has its mode from the start.
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
