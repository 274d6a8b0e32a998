/**
 * Files that are written at the end. Sluice checks at the start that it can
 * write them.
 *
 * @module
 */

import { explainFile, fileFault } from "../cli/file_error.ts";
import { folderOf } from "../cli/folder_of.ts";
import { printErrors } from "../cli/print_lines.ts";
import { replaceFiles } from "../cli/replace_files.ts";
import { StartError } from "../cli/usage_error.ts";

/** A file to write at the end. */
export interface OutputFile {
  /** Its path. */
  path: string;
  /** Kind of file, for messages: `report` or `rules`. */
  what: string;
  /** Its contents. */
  text: string;
}

/**
 * Checks that files can be written.
 *
 * @throws {StartError} If one can't be written.
 */
export async function requireWritable(
  outputs: readonly Pick<OutputFile, "path" | "what">[],
): Promise<void> {
  for (const { path, what } of outputs) {
    try {
      if (await isFolder(path)) {
        throw new StartError(`Cannot write ${what} ${path}: it is a folder`);
      }
      const dir = folderOf(path);
      await Deno.remove(await Deno.makeTempFile({ dir, prefix: ".sluice-" }));
    } catch (error) {
      if (error instanceof StartError) throw error;
      throw fileFault(`write ${what}`, path, error, "write");
    }
  }
}

/**
 * Writes files. A failure is only reported on standard error, because the
 * command's result matters more than its report.
 */
export async function writeOutputs(
  outputs: readonly OutputFile[],
): Promise<void> {
  for (const { path, text, what } of outputs) {
    try {
      await replaceFiles([{ path, text }]);
    } catch (error) {
      const why = explainFile(path, error, "write");
      printErrors([`sluice: Cannot write ${what} ${path}: ${why}`]);
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
