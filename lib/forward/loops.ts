/**
 * Relays that lead back to themselves.
 *
 * @module
 */

import { OwnListeners } from "../net/own_listeners.ts";
import { type Endpoint, formatEndpoint } from "../wire/endpoint.ts";
import { leadsTo, type Passage, waysOf } from "../serve/target/find_loops.ts";
import type { ListenerInfo } from "../serve/start_listeners.ts";
import { UsageError } from "../cli/usage_error.ts";
import type { ForwardSettings } from "./options.ts";
import { upstreamsIn } from "./routes.ts";

/**
 * Refuses a listener that would relay to itself in a loop.
 *
 * @param relay Where the relay leads to.
 * @param where Its endpoint as given.
 * @throws {UsageError} If one of its upstreams is itself.
 */
export function requireNotItself(
  { parents, routes, serverNames }: ForwardSettings,
  { addr, name }: ListenerInfo,
  where: Endpoint,
): void {
  if (parents.via.length > 0) return;
  const listener = new OwnListeners();
  listener.enter(addr);
  const own = routes.filter(({ listen }) => listen === where);
  for (const { endpoint } of upstreamsIn(own, serverNames)) {
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
  { parents, routes, serverNames }: ForwardSettings,
  listeners: readonly ListenerInfo[],
): Passage[] {
  const named = [...serverNames.values()].flat();
  return listeners.map(({ addr }, index) => {
    const upstreams = [...routes[index]!.upstreams, ...named];
    return { addr, ways: waysOf({ via: parents.via, upstreams }) };
  });
}
