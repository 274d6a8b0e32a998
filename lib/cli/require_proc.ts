/**
 * What Deno needs of the system before it loads a module of Node.
 *
 * @module
 */

import { requireRead } from "../net/system/system_file.ts";
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
