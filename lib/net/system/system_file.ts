/**
 * Files in which the system tells of itself: `/proc`, `/sys`.
 *
 * @module
 */

import { isGranted } from "./is_granted.ts";

/**
 * Reads such a file, without ever asking for the permission: that would stop
 * the start.
 *
 * @returns The text.
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 * @throws {Error} If the system does not have it.
 */
export function readSystemFile(path: string): string {
  requireRead(path);
  return Deno.readTextFileSync(path);
}

/**
 * Throws where Deno may not read a file: to ask for that would stop everything.
 *
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 */
export function requireRead(path: string): void {
  if (!isGranted({ name: "read", path })) {
    throw new Deno.errors.NotCapable(path);
  }
}
