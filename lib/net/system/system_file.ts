/**
 * Reads files of the system: `/proc`, `/sys`.
 *
 * @module
 */

import { isGranted } from "./is_granted.ts";

/**
 * Reads such a file without a permission prompt, which would block the start.
 *
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 * @throws {Error} If the system does not have it.
 */
export function readSystemFile(path: string): string {
  requireRead(path);
  return Deno.readTextFileSync(path);
}

/**
 * Throws if Deno may not read a file: a prompt would block everything.
 *
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 */
export function requireRead(path: string): void {
  if (!isGranted({ name: "read", path })) {
    throw new Deno.errors.NotCapable(path);
  }
}
