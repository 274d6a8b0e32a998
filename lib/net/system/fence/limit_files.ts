/**
 * The limit of open files for a command. Deno raises its own soft limit to the
 * hard one. Programs that loop over all possible descriptors would then take
 * seconds to start.
 *
 * @module
 */

import { fenceCalls } from "./calls.ts";

const RLIMIT_NOFILE = 7;

/**
 * Reads the soft limit of the parent process.
 *
 * @returns The most open files; `undefined` if the process can't be examined.
 */
export function callersFiles(): number | undefined {
  return limitsOf(String(Deno.ppid))?.soft;
}

/**
 * Sets the soft limit of this process.
 *
 * @param soft Most open files; `undefined` leaves the limit unchanged.
 */
export function limitFiles(soft: number | undefined): void {
  const hard = limitsOf("self")?.hard;
  if (soft === undefined || hard === undefined || soft > hard) return;
  const limit = BigUint64Array.of(BigInt(soft), BigInt(hard));
  fenceCalls().setrlimit(RLIMIT_NOFILE, new Uint8Array(limit.buffer));
}

function limitsOf(
  process: string,
): { soft: number; hard: number } | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${process}/limits`);
    const found = /^Max open files\s+(\d+)\s+(\d+)/m.exec(text);
    if (found === null) return undefined;
    return { soft: Number(found[1]), hard: Number(found[2]) };
  } catch {
    return undefined; // It belongs to another user, or has ended.
  }
}
