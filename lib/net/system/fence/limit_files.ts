/**
 * The limit of open files that a command starts with. Deno raises its own to
 * the most that is allowed; programs that walk all possible descriptors would
 * then take seconds to start.
 *
 * @module
 */

import { fenceCalls } from "./calls.ts";

const RLIMIT_NOFILE = 7;

/**
 * Finds the limit of the process that started this one.
 *
 * @returns Open files; `undefined` if that process cannot be looked at.
 */
export function callersFiles(): number | undefined {
  return limitsOf(String(Deno.ppid))?.soft;
}

/**
 * Sets the soft limit of this process.
 *
 * @param soft Open files; `undefined` leaves the limit as it is.
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
    return undefined; // Another user's, or it has ended.
  }
}
