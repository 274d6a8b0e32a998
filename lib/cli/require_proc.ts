/**
 * Checks what Deno needs before it loads a Node module.
 *
 * @module
 */

import { requireRead } from "../net/system/system_file.ts";
import { StartError } from "./usage_error.ts";

/** The runtime reads its own path from here. */
const OWN_PATH = "/proc/self/exe";

/**
 * Checks that the system has `/proc`. Without it, Deno aborts the whole process
 * as soon as it loads a Node module (2.9.6). That may be at the start, for TLS
 * or users, or in the middle of a run.
 *
 * @throws {StartError} If `/proc` is not mounted. It counts as mounted if Deno
 *   has no permission to look.
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
