/**
 * What keeps a file from being read or written, in one wording for all files.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import { folderOf } from "./folder_of.ts";
import { StartError } from "./usage_error.ts";

/** What a file is to be used for. */
export type FileUse = "read" | "write";

/** A file that can't be read or written, or is not what it should be. */
export class FileError extends Error {
  /** Where it is. */
  readonly path: string;
  /** Why it can't be used, to stand behind `Cannot read PATH: `. */
  readonly reason: string;
  /** Whether nothing is there. */
  readonly isMissing: boolean;

  /**
   * Constructs an error.
   *
   * @param path Where the file is.
   * @param reason Why it can't be used.
   * @param options What was thrown, where something was, and what the file was
   *   to be used for (default `read`).
   */
  constructor(
    path: string,
    reason: string,
    { cause, use = "read" }: { cause?: unknown; use?: FileUse } = {},
  ) {
    super(`cannot ${use} ${path}: ${reason}`, { cause });
    this.name = "FileError";
    this.path = path;
    this.reason = reason;
    this.isMissing = cause instanceof Deno.errors.NotFound;
  }
}

/**
 * Says why a file can't be read or written, in our words: the system's repeat
 * the path, and name system calls.
 *
 * @param error What was thrown.
 * @param use What it was to be used for (default `read`).
 * @returns The reason, to stand behind `Cannot read PATH: `.
 */
export function explainFile(
  path: string,
  error: unknown,
  use: FileUse = "read",
): string {
  if (error instanceof FileError) return error.reason;
  if (error instanceof Deno.errors.NotFound) {
    return `there is no such ${use === "read" ? "file" : "folder"}`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    const what = use === "read" ? path : folderOf(path);
    return `Deno was not given the permission; start it with --allow-${use}=${what}`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `this user may not ${use === "read" ? "read it" : "write there"}`;
  }
  const isMisplaced = error instanceof Deno.errors.AlreadyExists ||
    error instanceof Deno.errors.NotADirectory;
  if (isMisplaced) return "a file is where a folder should be";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return explainError(error);
}

/**
 * Makes an error of the start of one about a file.
 *
 * @param doing What could not be done to it, for example `read users file`.
 * @param cause What was thrown.
 * @param use What it was to be used for (default `read`).
 * @returns For example `Cannot read users file PATH: there is no such file`.
 */
export function fileFault(
  doing: string,
  path: string,
  cause: unknown,
  use: FileUse = "read",
): StartError {
  const why = explainFile(path, cause, use);
  return new StartError(`Cannot ${doing} ${path}: ${why}`, { cause });
}
