/**
 * How many connections fit into the limit of file descriptors.
 *
 * @module
 */

import { isGranted } from "./is_granted.ts";

/** Descriptors that each further thread needs. */
const PER_THREAD = 20;

/** A client and its target. */
const PER_CONNECTION = 2;

/** The runtime's own, listeners, files and pending lookups. */
const RESERVE = 40;

let known: { limit: number | undefined } | undefined;

/**
 * Takes over the limit that another thread read while it was permitted.
 *
 * @param limit The soft limit; `undefined` if the system does not report it.
 */
export function knowDescriptorLimit(limit: number | undefined): void {
  known = { limit };
}

/**
 * Returns how many connections fit. Accepting no more keeps descriptors free
 * for the targets of clients already accepted.
 *
 * @param perConnection Descriptors of each connection.
 * @param besides Descriptors for other purposes (default 0).
 * @returns 1 or more; `Infinity` if the system does not report the limit.
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
 * Returns how many descriptors connections and their targets need: the inverse
 * of {@linkcode connectionCapacity}.
 *
 * @param connections How many there are.
 * @returns The limit that fits them.
 */
export function descriptorsFor(connections: number): number {
  return connections * PER_CONNECTION + RESERVE;
}

/**
 * Returns how many descriptors threads need besides their connections.
 *
 * @param threads How many there are.
 * @returns The descriptors beyond those of one thread.
 */
export function descriptorsOfThreads(threads: number): number {
  return (threads - 1) * PER_THREAD;
}

/**
 * Returns how many descriptors threads need before the first connection. With
 * fewer, Deno aborts the program.
 *
 * @param threads How many there are, 2 or more.
 */
export function descriptorsToStart(threads: number): number {
  return RESERVE + descriptorsOfThreads(threads);
}

/**
 * Returns the limit of open descriptors.
 *
 * @returns The soft limit of Linux, which Deno has raised to the hard one;
 *   `undefined` if the system does not report it.
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
