/**
 * Counts in memory that threads share. This is the place that decides where a
 * count lives: `host.keep()` of a program without threads and without a fleet
 * makes it in this thread alone, and all others take it from here.
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
  /** What it is. */
  shape: SharedTableShape;
  /** What it counts. */
  of: CountName;
}

/** Tables by their names, which end with the name of the table in its count. */
export type TableMemories = ReadonlyMap<string, TableMemory>;

/** A count of this machine, in tables that its threads share. */
export interface NodeCount extends CountName {
  /** Unique among the counts of this program. */
  readonly id: string;
  /** Its tables by name. This thread has no share of them. */
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
   * Makes a copy of a list of bans.
   *
   * @param name Name of the list.
   * @param scope Where it counts on every machine of a fleet.
   */
  copyBans(name: string, scope: string, settings: BansOptions): Bans;
  /**
   * Called when nobody uses a list of bans any more.
   *
   * @param name Name of the list.
   */
  forgetBans(name: string): void;
  /** Waits until the other threads have ended. */
  othersEnded(): Promise<void>;
  /** Called when there is another table (default: nobody is told). */
  onTable?: () => void;
}

/** A listener whose counts are kept. */
export type CountingListener = Pick<CountName, "listener" | "scope">;

/** The counts of one thread. */
export class SharedCountKeeper {
  readonly #options: SharedCountKeeperOptions;
  readonly #tables = new Map<string, TableMemory>();
  readonly #kept = new KeptValues();

  /**
   * Begins with no counts.
   *
   * @param options The thread.
   */
  constructor(options: SharedCountKeeperOptions) {
    this.#options = options;
  }

  /** All tables, for other threads. */
  get tables(): TableMemories {
    return this.#tables;
  }

  /**
   * Takes the tables of other threads.
   *
   * @param tables Their tables.
   */
  agree(tables: TableMemories): void {
    for (const [name, table] of tables) this.#tables.set(name, table);
  }

  /**
   * Returns a count that is kept while its settings stay the same.
   *
   * @typeParam T What it is.
   * @param of The listener and the name of the count.
   * @param given Its settings.
   * @param make Makes it.
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

  /** Current users keep it; no one else gets it. */
  #forget(share: string): void {
    for (const name of this.#tables.keys()) {
      // With the space: a limit of 100 is not one of 10.
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
 * Opens the tables of all counts, for the thread that asks Redis.
 *
 * @param tables All tables of the program.
 * @param now Clock in milliseconds, the same in all threads.
 * @returns The counts. That thread has no share of them.
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
