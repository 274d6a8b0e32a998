/**
 * How many connections, buffers and password checks fit into a memory limit.
 *
 * @module
 */

import { BUFFER_BUDGET, LARGE_BUFFERS } from "../../net/buffer_pool.ts";
import { countOf } from "../../observe/count_of.ts";
import { formatBytes } from "../../observe/format_bytes.ts";
import { CHECKS_AT_ONCE } from "../../policy/users/password_queue.ts";
import { environmentVariable } from "../../cli/environment.ts";
import {
  type MemoryLimit,
  readMemoryLimit,
} from "../../net/system/memory_limit.ts";

/** What fits into a limit. */
export interface MemoryPlan {
  /** The limit, in bytes. */
  limit: number;
  /** Bytes that it leaves besides the program. */
  left: number;
  /** Bytes of large buffers, of all threads together. */
  buffers: number;
  /** Connections at once, of all threads together; 1 or more. */
  connections: number;
  /**
   * Whether busy tunnels may reach the limit, because V8 does not know it and
   * collects garbage too late.
   */
  isAtRisk: boolean;
}

/** Options for {@linkcode memoryPlan}. */
export interface MemoryPlanOptions {
  /** Workers that serve (default 1, which is this thread alone). */
  threads?: number | undefined;
  /** The limit (default: that of this process). */
  limit?: MemoryLimit | undefined;
  /** Whether V8 knows the limit (default: whether `DENO_USE_CGROUPS` is set). */
  isHeapBound?: boolean;
  /** Whether passwords are hashed (default: as noted at a start). */
  hasPasswords?: boolean;
}

/**
 * Bytes of a connection without traffic: two sockets, two small buffers and
 * what the system counts of them (measured: 45 to 58 KB).
 */
const PER_CONNECTION = 60 * 1024;

/**
 * Bytes for what V8 has not yet collected, of bursts of handshakes and of busy
 * tunnels (measured with 60 of these: 20 MB where it knows the limit, 80 MB
 * where it takes all the memory of the machine for its own), and the part of
 * what is left that this is at most.
 */
const GARBAGE = { bound: 32_000_000, unbound: 80_000_000 } as const;
const GARBAGE_SHARE = 2 / 3;

/** Makes Deno tell V8 the limit; read before the program runs. */
const HEAP_VARIABLE = "DENO_USE_CGROUPS";

/** Bytes of each worker (measured: 14 to 15 MB). */
const PER_THREAD = 15_000_000;

/** Bytes of a check of a password, as `sluice passwd` makes them. */
const PER_CHECK = 32 * 1024 * 1024;

/** The share of the remaining memory for buffers, and for password checks. */
const SHARE = 0.25;

let known: { limit: MemoryLimit | undefined } | undefined;
let areHashed = false;

/**
 * Takes over the limit that another thread read while it was permitted.
 *
 * @param limit The limit; `undefined` if none.
 */
export function knowMemoryLimit(limit: MemoryLimit | undefined): void {
  known = { limit };
}

/**
 * Returns the limit of this process, as read first.
 *
 * @returns The limit; `undefined` if none, or the system does not report it.
 */
export function memoryLimit(): MemoryLimit | undefined {
  known ??= { limit: readMemoryLimit() };
  return known.limit;
}

/**
 * Notes that passwords are hashed in this program, which takes memory.
 *
 * @param threads Threads that do it.
 * @returns How many may be hashed at once in each of them, 1 or more.
 */
export function reservePasswordChecks(threads = 1): number {
  areHashed = true;
  return Math.max(1, Math.floor(checksIn(memoryLimit(), threads) / threads));
}

/**
 * Returns what fits into a limit.
 *
 * @param options Which limit, and what for.
 * @returns What fits; `undefined` without a limit.
 */
export function memoryPlan(
  { hasPasswords = areHashed, threads = 1, ...given }: MemoryPlanOptions = {},
): MemoryPlan | undefined {
  const isHeapBound = given.isHeapBound ?? knowsLimit();
  const limit = "limit" in given ? given.limit : memoryLimit();
  if (limit === undefined) return undefined;
  const checks = hasPasswords ? checksIn(limit, threads) : 0;
  const left = Math.max(0, leftOf(limit, threads) - checks * PER_CHECK);
  const garbage = Math.min(
    GARBAGE[isHeapBound ? "bound" : "unbound"] * threads,
    left * GARBAGE_SHARE,
  );
  const room = left - garbage;
  const buffers = Math.min(BUFFER_BUDGET * threads, Math.floor(room * SHARE));
  const connections = Math.floor((room - buffers) / PER_CONNECTION);
  return {
    ...{ limit: limit.limit, left, buffers },
    isAtRisk: !isHeapBound && garbage < GARBAGE.unbound * threads,
    connections: Math.max(1, connections),
  };
}

/**
 * Limits the buffers of this thread to its share of the plan.
 *
 * @param threads Threads that serve (default 1).
 */
export function keepBuffersTo({ buffers }: MemoryPlan, threads = 1): void {
  const budget = Math.floor(buffers / threads);
  if (budget < BUFFER_BUDGET) LARGE_BUFFERS.setBudget(budget);
}

/**
 * Describes what fits into the limit, and how to fit more.
 *
 * @returns For example `The memory limit of 134 MB leaves 115 MB: room for 1693
 *   connections, with 21 MB of buffers`.
 */
export function describePlan(
  { buffers, connections, left, limit }: MemoryPlan,
): string {
  return `The memory limit of ${formatBytes(limit)} leaves ${
    formatBytes(left)
  }: room for ${countOf(connections, "connection")}, with ${
    formatBytes(buffers)
  } of buffers`;
}

/** Advice if V8 collects garbage as if it had the whole memory. */
export const BIND_HEAP =
  `set ${HEAP_VARIABLE}=1 in the environment, so that V8 keeps to the limit`;

function knowsLimit(): boolean {
  return environmentVariable(HEAP_VARIABLE) !== undefined;
}

function leftOf({ limit, used }: MemoryLimit, threads: number): number {
  return limit - used - (threads > 1 ? threads * PER_THREAD : 0);
}

/** In all threads; each does at least one. */
function checksIn(limit: MemoryLimit | undefined, threads: number): number {
  const most = CHECKS_AT_ONCE * threads;
  if (limit === undefined) return most;
  const room = Math.floor(leftOf(limit, threads) * SHARE / PER_CHECK);
  return Math.max(threads, Math.min(most, room));
}
