/**
 * What a thread that has died has counted in memory that others share.
 *
 * @module
 */

import { CONNECTION_TABLE } from "../serve/limits/connection_counts.ts";
import { SharedTable } from "../sync/shared/table.ts";
import type { Agreement } from "./message.ts";

/** Tables that threads share, by name. */
export type Tables = Agreement["tables"];

/**
 * Tells how many connections a thread has.
 *
 * @param tables All tables.
 * @param index Number of the thread.
 * @returns How many, by what is counted.
 */
export function heldBy(tables: Tables, index: number): number {
  return [...tables.keys()]
    .filter((name) => name.endsWith(` ${CONNECTION_TABLE}`))
    .reduce((sum, name) => sum + open(tables, name).heldBy(index), 0);
}

/**
 * Gives back what a thread had counted, so that it is there for others.
 *
 * @param tables All tables.
 * @param index Number of the thread.
 * @returns Whether that is done; not yet where another that has died too holds a
 *   lock, which is freed in its turn.
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
