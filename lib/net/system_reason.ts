/**
 * Why the system refused something, in words.
 *
 * @module
 */

import { errorCode } from "./error_code.ts";

/** What the system calls it, and what a person does. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the disk is read-only",
  ENOSPC: "no space is left on the disk",
  EDQUOT: "this user's share of the disk is full",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a file is where a folder should be",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open in this program",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk fails",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
};

/** Classes for which Deno gives no code on every system. */
const BY_CLASS: readonly [abstract new () => Error, string][] = [
  [Deno.errors.NotFound, "ENOENT"],
  [Deno.errors.PermissionDenied, "EACCES"],
  [Deno.errors.NotADirectory, "ENOTDIR"],
  [Deno.errors.IsADirectory, "EISDIR"],
  [Deno.errors.FilesystemLoop, "ELOOP"],
  [Deno.errors.AlreadyExists, "EEXIST"],
];

/**
 * Tells why the system refused something.
 *
 * @param error What was thrown.
 * @returns In words where they are known, such as `permission denied`; or else
 *   what the system calls it.
 */
export function systemReason(error: unknown): string {
  const code = errorCode(error) ??
    BY_CLASS.find(([constructor]) => error instanceof constructor)?.[1];
  if (code !== undefined) {
    return Object.hasOwn(WORDS, code) ? WORDS[code]! : code;
  }
  const message = error instanceof Error ? error.message : String(error);
  // Deno appends the number, which says no more: "… (os error 104)".
  return message.replace(/ \(os error \d+\)$/, "");
}
