/**
 * Closes descriptors that a command must not inherit: through an open folder or
 * socket it would reach hidden files.
 *
 * @module
 */

import { fenceCalls } from "./calls.ts";

const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** Standard input, output and error. */
const LAST_STANDARD = 2;

/**
 * Closes all folders and sockets except standard input, output and error, which
 * must not be folders. Files, pipes and devices that the caller has opened
 * stay.
 *
 * @throws {Error} If standard input, output or error is a folder.
 */
export function closeLeaks(): void {
  const { fcntl } = fenceCalls();
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const descriptor = Number(name);
    const flags = fcntl(descriptor, F_GETFD, 0);
    if (flags < 0 || (flags & FD_CLOEXEC) !== 0) continue;
    const kind = kindOf(descriptor);
    if (descriptor > LAST_STANDARD) {
      if (kind === "plain") continue;
      fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    } else if (kind === "folder") {
      throw new Error(
        `Descriptor ${descriptor} is a folder, through which the command would reach hidden sockets; give it a file, or /dev/null`,
      );
    }
  }
}

function kindOf(descriptor: number): "folder" | "socket" | "plain" {
  const { isDirectory, isSocket } = Deno.statSync(
    `/proc/self/fd/${descriptor}`,
  );
  if (isDirectory) return "folder";
  return isSocket ? "socket" : "plain";
}
