/**
 * Files in which the system tells of itself: `/proc`, `/sys`.
 *
 * @module
 */

import { StartError } from "./usage_error.ts";

/** What the runtime takes its own path from. */
const OWN_PATH = "/proc/self/exe";

/**
 * Throws where the system does not have `/proc`. Without it Deno aborts the whole
 * process as soon as a module of Node is loaded (2.9.6), which may be at the
 * start, for TLS or users, or in the middle of a run.
 *
 * @throws {StartError} If it is not mounted. Where Deno was not allowed to look,
 *   it is taken to be there.
 */
export function requireProc(): void {
  if (Deno.build.os !== "linux") return;
  try {
    requireRead(OWN_PATH);
    Deno.lstatSync(OWN_PATH);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return;
    throw new StartError(
      "/proc is not mounted, and Deno needs it; mount it: mount -t proc proc /proc",
    );
  }
}

/**
 * Reads such a file, without ever asking for the permission: that would stop
 * the start.
 *
 * @param path Its path.
 * @returns The text.
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 * @throws {Error} If the system does not have it.
 */
export function readSystemFile(path: string): string {
  requireRead(path);
  return Deno.readTextFileSync(path);
}

/**
 * Throws where a file must not be read.
 *
 * @param path Its path.
 * @throws {Deno.errors.NotCapable} If Deno may not read it.
 */
export function requireRead(path: string): void {
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") throw new Deno.errors.NotCapable(path);
}
