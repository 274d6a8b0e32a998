/**
 * Explains why a file cannot be read or written, with one wording for all
 * files.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import { folderOf } from "./folder_of.ts";
import { StartError } from "./usage_error.ts";

/** How a file is used. */
export type FileUse = "read" | "write";

/** A file that cannot be read or written, or has the wrong contents. */
export class FileError extends Error {
  /** Path of the file. */
  readonly path: string;
  /** The reason, to follow `Cannot read PATH: `. */
  readonly reason: string;
  /** Whether the file does not exist. */
  readonly isMissing: boolean;

  /**
   * Constructs an error.
   *
   * @param path Path of the file.
   * @param reason The reason, to follow `Cannot read PATH: `.
   * @param options The original error, and how the file was used (default
   *   `read`).
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
 * Explains why a file cannot be read or written. The system's own words would
 * repeat the path and mention system calls.
 *
 * @param error Any thrown error.
 * @param use How the file was used (default `read`).
 * @returns The reason, to follow `Cannot read PATH: `.
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
 * Converts an error about a file to a start error.
 *
 * @param doing The failed action, for example `read users file`.
 * @param cause Any thrown error.
 * @param use How the file was used (default `read`).
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
