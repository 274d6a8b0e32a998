/**
 * Relays that lead back to themselves.
 *
 * @module
 */

import { OwnListeners } from "../net/own_listeners.ts";
import { type Endpoint, formatEndpoint } from "../wire/endpoint.ts";
import { leadsTo, type Passage, waysOf } from "../serve/target/find_loops.ts";
import type { Route, UpstreamConfig } from "../serve/target/route.ts";
import type { ParentConfig } from "../serve/target/open_parents.ts";
import type { ListenerInfo } from "../serve/start_listeners.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Where a relay sends connections. */
export interface RelayWays {
  /** Listeners and their upstreams. */
  routes: readonly Route[];
  /** Upstreams by the names of servers. */
  serverNames?: ReadonlyMap<string, readonly UpstreamConfig[]>;
  /** Parents on the way. */
  parents?: ParentConfig;
}

/**
 * Refuses a listener that would relay to itself in a loop.
 *
 * @param relay Where the relay leads to.
 * @param where Its endpoint as given.
 * @throws {UsageError} If one of its upstreams is itself.
 */
export function requireNotItself(
  { parents = {}, routes, serverNames = new Map() }: RelayWays,
  { addr, name }: ListenerInfo,
  where: Endpoint,
): void {
  if (parents.via !== undefined && parents.via.length > 0) return;
  const listener = new OwnListeners();
  listener.enter(addr);
  const { upstreams = [] } = routes.find(({ listen }) => listen === where) ??
    {};
  for (const { endpoint } of [...upstreams, ...serverNames.values()].flat()) {
    if (leadsTo(endpoint, listener) === undefined) continue;
    throw new UsageError(
      `Cannot relay to ${
        formatEndpoint(endpoint)
      }: the relay itself listens there (${name}); name another upstream`,
    );
  }
}

/**
 * Returns where the listeners of a relay lead.
 *
 * @param relay Where the relay leads to.
 * @param listeners Its listeners, in the order of the routes.
 * @returns The listeners and their ways.
 */
export function passagesOf(
  { parents = {}, routes, serverNames = new Map() }: RelayWays,
  listeners: readonly ListenerInfo[],
): Passage[] {
  const named = [...serverNames.values()].flat();
  return listeners.map(({ addr }, index) => {
    const upstreams = [...routes[index]!.upstreams, ...named];
    return { addr, ways: waysOf({ via: parents.via, upstreams }) };
  });
}
