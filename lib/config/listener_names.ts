/**
 * Names for the listeners of a configuration, within this program and across
 * the machines of a fleet.
 *
 * @module
 */

import { scopeOf } from "../serve/counts/count_name.ts";
import type { ListenerConfig } from "./load.ts";
import type { Trial } from "./try.ts";

/** Names of a listener. */
export interface ListenerName {
  /**
   * The name in all threads, also after a reload: a listener keeps its name
   * while its first address stays the same.
   */
  readonly name: string;
  /** The name on all machines: the first proxies count together, and so on. */
  readonly scope: string;
}

/**
 * Names all listeners.
 *
 * @param listeners All listeners of the configuration, in order.
 * @param places The addresses of each listener.
 */
export function namesOf(
  listeners: readonly ListenerConfig[],
  places: Trial["places"],
): Map<ListenerConfig, ListenerName> {
  const all = new Set<string>();
  const counts = new Map<string, number>();
  return new Map(listeners.map((listener) => {
    const { kindName } = listener;
    const base = `${kindName} ${places.get(listener)?.[0] ?? ""}`;
    let name = base;
    for (let count = 2; all.has(name); count++) name = `${base} ${count}`;
    all.add(name);
    const number = (counts.get(kindName) ?? 0) + 1;
    counts.set(kindName, number);
    return [listener, { name, scope: scopeOf(kindName, number) }];
  }));
}
