/**
 * Adds up the figures of several threads.
 *
 * @module
 */

import type { TimedName } from "../serve/live_connection.ts";
import { addTimes } from "../observe/time_classes.ts";
import type { PoolStatus } from "./api.ts";
import type { ListenerFigures, ThreadFigures } from "./threads/figures.ts";

/** Figures before anything was counted. */
export const NO_FIGURES: ThreadFigures = {
  listeners: [],
  upstreams: [],
  bans: 0,
  attacked: 0,
  descriptors: 0,
  times: {},
};

/**
 * Adds up the figures of several threads. Listeners of the same name are added
 * together, and so are pools of the same upstream. All threads have the same
 * bans, so the largest number of one thread is the total.
 *
 * @param all Figures of each thread.
 * @returns The sum; it has the sum of the heaps and the longest delay of the
 *   event loops.
 */
export function addFigures(all: readonly ThreadFigures[]): ThreadFigures {
  const [only] = all;
  if (all.length === 1) return only!;
  const most = (tell: (one: ThreadFigures) => number) =>
    all.reduce((most, one) => Math.max(most, tell(one)), 0);
  return {
    listeners: addAlike(
      all.flatMap(({ listeners }) => listeners),
      ({ kind, name }) => `${kind} ${name}`,
      addListeners,
    ),
    upstreams: addAlike(
      all.flatMap(({ upstreams }) => upstreams),
      upstreamKey,
      addFields,
    ),
    bans: most(({ bans }) => bans),
    attacked: most(({ attacked }) => attacked),
    descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
    times: addAllTimes(all),
    load: {
      heap: all.reduce((sum, { load }) => sum + (load?.heap ?? 0), 0),
      loopDelay: most(({ load }) => load?.loopDelay ?? 0),
    },
  };
}

/**
 * Keeps only the counters of a thread that has ended. Its open connections
 * count as lost.
 *
 * @param figures Its last figures.
 * @returns Figures without anything open.
 */
export function endFigures(figures: ThreadFigures): ThreadFigures {
  return {
    listeners: figures.listeners.map((listener) => ({
      ...listener,
      uses: 0,
      open: 0,
      associations: 0,
      lost: listener.lost + listener.open,
    })),
    upstreams: figures.upstreams.map((upstream) => ({
      ...upstream,
      isUp: false,
      idle: 0,
      waiting: 0,
      connections: 0,
    })),
    bans: 0,
    attacked: 0,
    descriptors: 0,
    times: figures.times,
  };
}

/**
 * Names an upstream of a listener.
 *
 * @returns A unique name.
 */
export function upstreamKey(
  { listener, upstream }: Pick<PoolStatus, "listener" | "upstream">,
): string {
  return `${listener} ${upstream}`;
}

function addAlike<T>(
  all: readonly T[],
  keyOf: (one: T) => string,
  add: (one: T, other: T) => T,
): T[] {
  const sums = new Map<string, T>();
  for (const one of all) {
    const key = keyOf(one);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? one : add(sum, one));
  }
  return [...sums.values()];
}

function addListeners(
  one: ListenerFigures,
  other: ListenerFigures,
): ListenerFigures {
  return {
    ...addFields(one, other),
    connections: addAlike(
      [...one.connections, ...other.connections],
      ({ protocol, result }) => `${protocol} ${result}`,
      addFields,
    ),
  };
}

/**
 * Adds up two of the same kind field by field, also in tables inside: numbers
 * are added, and a flag is set if one of both is. Texts are equal in both.
 */
function addFields<T extends object>(one: T, other: T): T {
  const sums = { ...one } as Record<string, unknown>;
  for (const [name, more] of Object.entries(other)) {
    const known = sums[name];
    if (typeof more === "number") sums[name] = (known as number ?? 0) + more;
    // An upstream is up as long as one thread sends connections to it.
    else if (typeof more === "boolean") sums[name] = known || more;
    else if (isTable(known)) sums[name] = addFields(known, more);
  }
  return sums as T;
}

function isTable(value: unknown): value is Record<string, number> {
  return typeof value === "object" && !Array.isArray(value);
}

function addAllTimes(all: readonly ThreadFigures[]): ThreadFigures["times"] {
  const sums: ThreadFigures["times"] = {};
  for (const { times } of all) {
    for (const name of Object.keys(times) as TimedName[]) {
      const sum = sums[name];
      sums[name] = sum === undefined
        ? times[name]!
        : addTimes(sum, times[name]!);
    }
  }
  return sums;
}
