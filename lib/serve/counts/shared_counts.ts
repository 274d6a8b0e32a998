/**
 * Counts in memory that threads share. A program with one thread and no fleet
 * keeps its counts in that thread, through `host.keep()`. All other programs
 * keep them here.
 *
 * @module
 */

import type { Bans, BansOptions } from "../../policy/users/bans.ts";
import { SharedTable, type SharedTableShape } from "../../sync/shared/table.ts";
import { KeptValues } from "../kept_values.ts";
import type { GivenTable, Share, ThreadInfo } from "../worker_share.ts";
import type { CountName } from "./count_name.ts";
import type { FleetView } from "./fleet_view.ts";

/** Memory of a table, for other threads. */
export interface TableMemory {
  /** The memory. */
  memory: SharedArrayBuffer;
  /** Its capacity and layout. */
  shape: SharedTableShape;
  /** The count that it belongs to. */
  of: CountName;
}

/**
 * Tables by name. A name consists of the count, its settings and the table's
 * name in the count.
 */
export type TableMemories = ReadonlyMap<string, TableMemory>;

/** A count of this machine, in tables that its threads share. */
export interface NodeCount extends CountName {
  /** Unique among the counts of this program. */
  readonly id: string;
  /**
   * Its tables by name. This thread reads totals but has no share of its own.
   */
  readonly tables: ReadonlyMap<string, SharedTable>;
}

/** Options for {@linkcode SharedCountKeeper}. */
export interface SharedCountKeeperOptions {
  /** The thread. */
  thread: ThreadInfo;
  /** Clock in milliseconds, the same in all threads. */
  now: () => number;
  /** The fleet (default: none). */
  fleet?: FleetView | undefined;
  /**
   * Makes a copy of a ban list.
   *
   * @param name Name of the list.
   * @param scope Name of its listener on every machine of a fleet.
   * @param settings The rules.
   */
  copyBans(name: string, scope: string, settings: BansOptions): Bans;
  /**
   * Called when a ban list has lost its last user.
   *
   * @param name Name of the list.
   */
  forgetBans(name: string): void;
  /** Waits until the other threads have ended. */
  othersEnded(): Promise<void>;
  /** Called when a table is added or removed (default: no effect). */
  onTable?: () => void;
}

/** A listener that counts. */
export type CountingListener = Pick<CountName, "listener" | "scope">;

/** The counts of one thread. */
export class SharedCountKeeper {
  readonly #options: SharedCountKeeperOptions;
  readonly #tables = new Map<string, TableMemory>();
  readonly #kept = new KeptValues();

  /**
   * Creates a keeper without counts.
   *
   * @param options The thread, the fleet, and functions of the program.
   */
  constructor(options: SharedCountKeeperOptions) {
    this.#options = options;
  }

  /** All tables, for other threads. */
  get tables(): TableMemories {
    return this.#tables;
  }

  /**
   * Adds the tables of other threads.
   *
   * @param tables Their tables by name.
   */
  agree(tables: TableMemories): void {
    for (const [name, table] of tables) this.#tables.set(name, table);
  }

  /**
   * Returns a count. It stays the same until its settings change.
   *
   * @typeParam T Type of the count.
   * @param of The listener and the name of the count.
   * @param given Its settings.
   * @param make Creates the count.
   */
  keep<T extends object>(
    of: CountingListener & { what: string },
    given: unknown,
    make: (share?: Share) => T,
  ): T {
    const what = of.listener === "" ? of.what : `${of.listener} ${of.what}`;
    return this.#kept.take({
      ...{ what, given },
      make: (settings, replaced) => {
        if (replaced !== undefined) this.#forget(nameOf(what, replaced));
        const { listener, scope } = of;
        const count = { listener, scope, what: of.what, settings };
        return make(this.#shareOf(nameOf(what, settings), count));
      },
    });
  }

  /** Removes a replaced count; its current users keep their tables. */
  #forget(share: string): void {
    for (const name of this.#tables.keys()) {
      // The space separates names: a limit of 100 must not match a limit of 10.
      if (name.startsWith(`${share} `)) this.#tables.delete(name);
    }
    this.#options.forgetBans(share);
    this.#options.onTable?.();
  }

  #shareOf(prefix: string, of: CountName): Share {
    const { copyBans, fleet, othersEnded, thread } = this.#options;
    return {
      ...{ ...thread, fleet, othersEnded },
      table: (name, shape) => this.#table(prefix, { name, shape, of }),
      bans: (settings) => copyBans(prefix, of.scope, settings),
    };
  }

  #table(
    prefix: string,
    { name, shape: given, of }: {
      name: string;
      shape: Omit<SharedTableShape, "threads">;
      of: CountName;
    },
  ): GivenTable {
    const { now, onTable, thread } = this.#options;
    const full = `${prefix} ${name}`;
    const known = this.#tables.get(full);
    const shape = { ...given, threads: thread.count };
    const memory = known?.memory ??
      new SharedArrayBuffer(SharedTable.bytes(shape));
    this.#tables.set(full, { memory, shape, of });
    if (known === undefined) onTable?.();
    const table = new SharedTable(shape, {
      ...{ memory, now, thread: thread.index },
    });
    return { table, isNew: known === undefined };
  }
}

/**
 * Opens the tables of all counts, for the thread that talks to Redis.
 *
 * @param tables All tables of the program.
 * @param now Clock in milliseconds, the same in all threads.
 * @returns The counts. The calling thread has no share of its own in them.
 */
export function countsOf(
  tables: TableMemories,
  now: () => number,
): NodeCount[] {
  const all = new Map<
    string,
    NodeCount & { tables: Map<string, SharedTable> }
  >();
  for (const [full, { memory, of, shape }] of tables) {
    const { listener, settings, what } = of;
    const id = nameOf(listener === "" ? what : `${listener} ${what}`, settings);
    const count = all.get(id) ?? { ...of, id, tables: new Map() };
    all.set(id, count);
    const table = new SharedTable(shape, {
      ...{ memory, now, thread: shape.threads },
    });
    count.tables.set(full.slice(id.length + 1), table);
  }
  return [...all.values()];
}

function nameOf(what: string, settings: string): string {
  return `${what} ${settings}`;
}
