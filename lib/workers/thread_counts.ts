/**
 * What a dead thread has counted in shared memory.
 *
 * @module
 */

import { CONNECTION_TABLE } from "../serve/limits/connection_counts.ts";
import { SharedTable } from "../sync/shared/table.ts";
import type { Agreement } from "./message.ts";

/** Tables that threads share, by name. */
export type Tables = Agreement["tables"];

/**
 * Returns how many connections a thread has counted.
 *
 * @param tables All tables.
 * @param index Number of the thread.
 * @returns The number of connections.
 */
export function heldBy(tables: Tables, index: number): number {
  return [...tables.keys()]
    .filter((name) => name.endsWith(` ${CONNECTION_TABLE}`))
    .reduce((sum, name) => sum + open(tables, name).heldBy(index), 0);
}

/**
 * Releases what a thread had counted, for other threads.
 *
 * @param tables All tables.
 * @param index Number of the thread.
 * @returns Whether that is done; not yet if another dead thread holds a lock,
 *   which is freed in its turn.
 */
export function giveBack(tables: Tables, index: number): boolean {
  return [...tables.keys()].every((name) => open(tables, name).giveBack(index));
}

function open(tables: Tables, name: string): SharedTable {
  const { memory, shape } = tables.get(name)!;
  return new SharedTable(shape, {
    memory,
    thread: shape.threads,
    now: () => 0,
  });
}
