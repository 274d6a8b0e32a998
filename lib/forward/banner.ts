/**
 * The announcements of a relay at its start.
 *
 * @module
 */

import { formatEndpoint } from "../wire/endpoint.ts";
import { type Announcement, listeningEvent } from "../serve/announcement.ts";
import type { UpstreamConfig } from "../serve/target/route.ts";
import type { ForwardSettings } from "./options.ts";
import type { ListenerInfo } from "../serve/start_listeners.ts";

/** Facts for the announcements. */
export interface ForwardFacts
  extends Pick<ForwardSettings, "routes" | "serverNames"> {
  /** Listeners of the running relay, in the order of the routes. */
  listeners: readonly ListenerInfo[];
  /** Whether clients speak TLS with the relay itself. */
  isTls: boolean;
  /** Name to find in upstreams' certificates (default: their host). */
  upstreamName?: string | undefined;
}

/**
 * Creates the announcements: listeners, where and how they relay, and what
 * happens to unknown server names.
 *
 * @param facts About the running relay.
 * @returns A line and an event for each listener, then a line for each name.
 */
export function forwardBanner(facts: ForwardFacts): Announcement[] {
  const { isTls, listeners, routes, serverNames } = facts;
  const byName = [...serverNames].map(([name, upstreams]) =>
    `Server name ${name}: relaying to ${describe(upstreams, facts)}`
  );
  return [
    ...routes.flatMap(({ upstreams }, index) => {
      const listener = listeners[index]!;
      const at = isTls ? `${listener.name} over TLS` : listener.name;
      return [
        `Listening on ${at}, ${relaying(upstreams, facts)}`,
        listeningEvent(listener, { kind: "forward", isTls }),
      ];
    }),
    ...byName,
  ];
}

function relaying(
  upstreams: readonly UpstreamConfig[],
  facts: ForwardFacts,
): string {
  const there = describe(upstreams, facts);
  if (facts.serverNames.size === 0) return `relaying to ${there}`;
  const others = "clients that ask for another server or none";
  return upstreams.length === 0
    ? `relaying by server name, and refusing ${others}`
    : `relaying by server name, and ${others} to ${there}`;
}

function describe(
  upstreams: readonly UpstreamConfig[],
  { upstreamName }: ForwardFacts,
): string {
  const overTls = upstreamName === undefined
    ? "over TLS"
    : `over TLS as ${upstreamName}`;
  return upstreams.map(({ endpoint, isBackup, isTls, weight }) => {
    const words = [formatEndpoint(endpoint)];
    if (isTls) words.push(overTls);
    if (weight !== 1) words.push(`(weight ${weight})`);
    if (isBackup) words.push("(backup)");
    return words.join(" ");
  }).join(", ");
}
