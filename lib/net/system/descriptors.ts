/**
 * How many connections the limit of file descriptors has room for.
 *
 * @module
 */

import { isGranted } from "./is_granted.ts";

/** What a thread more needs for itself. */
const PER_THREAD = 20;

/** A client and its target. */
const PER_CONNECTION = 2;

/** The runtime's own, listeners, files, and lookups under way. */
const RESERVE = 40;

let known: { limit: number | undefined } | undefined;

/**
 * Takes over what another thread has read, while it was permitted.
 *
 * @param limit The soft limit; `undefined` where the system does not say.
 */
export function knowDescriptorLimit(limit: number | undefined): void {
  known = { limit };
}

/**
 * Tells how many connections fit. Accepting no more than that keeps a client's
 * descriptors from being the ones that the targets of others need.
 *
 * @param perConnection Descriptors that each has.
 * @param besides Descriptors that are used for something else (default 0).
 * @returns How many, 1 or more; `Infinity` where the system does not say.
 */
export function connectionCapacity(
  perConnection: number = PER_CONNECTION,
  besides = 0,
): number {
  const limit = descriptorLimit();
  if (limit === undefined) return Infinity;
  const left = limit - RESERVE - besides;
  return Math.max(1, Math.floor(left / perConnection));
}

/**
 * Tells how many descriptors connections need, each with its target: the other
 * way round of {@linkcode connectionCapacity}.
 *
 * @param connections How many there are.
 * @returns The limit that has room for them.
 */
export function descriptorsFor(connections: number): number {
  return connections * PER_CONNECTION + RESERVE;
}

/**
 * Tells how many descriptors threads need beside their connections.
 *
 * @param threads How many there are.
 * @returns What they need more than one alone.
 */
export function descriptorsOfThreads(threads: number): number {
  return (threads - 1) * PER_THREAD;
}

/**
 * Tells how many descriptors may be open.
 *
 * @returns The soft limit, as Linux tells it; Deno has raised it to the hard
 *   one. `undefined` where the system does not say.
 */
export function descriptorLimit(): number | undefined {
  if (known !== undefined) return known.limit;
  if (Deno.build.os !== "linux") return undefined;
  try {
    if (!isGranted({ name: "read" })) return undefined;
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
