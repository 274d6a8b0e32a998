/**
 * Connections as the admin API tells of them.
 *
 * @module
 */

import type { LiveConnection } from "../serve/live_connection.ts";
import type { ListenerWatch } from "../serve/listener_watch.ts";
import type { EndedConnection } from "../serve/registry.ts";
import type { ClosedTunnel, Tunnel } from "./api.ts";

/**
 * Describes a connection that is open.
 *
 * @param listener Where it came in.
 * @param live The connection.
 * @param now Milliseconds since 1970.
 * @returns The description.
 */
export function tunnelOf(
  listener: ListenerWatch,
  live: LiveConnection,
  now: number,
): Tunnel {
  const { record } = live.session;
  const { sent, received } = live.carried;
  return {
    id: live.id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    ...knownOf(record),
    state: live.state,
    startedAt: new Date(record.startedAt).toISOString(),
    ageMs: Math.max(0, now - record.startedAt),
    sent,
    received,
  };
}

/**
 * Describes a connection that has ended.
 *
 * @param ended The connection.
 * @returns The description.
 */
export function closedOf(ended: EndedConnection): ClosedTunnel {
  const { endedAt, id, listener, received, record, sent } = ended;
  const { code, endedFirst, reason, result } = record;
  return {
    id,
    kind: listener.kind,
    listener: listener.name,
    client: record.client,
    protocol: record.protocol ?? "",
    ...knownOf(record),
    state: "closing",
    startedAt: new Date(record.startedAt).toISOString(),
    ageMs: Math.round(record.duration),
    sent,
    received,
    endedAt: new Date(endedAt).toISOString(),
    result,
    code,
    reason,
    ...(endedFirst === undefined ? {} : { endedFirst }),
  };
}

function knownOf(
  { user, target, address, via, rule, name, wouldDeny }:
    EndedConnection["record"],
): Pick<
  Tunnel,
  "user" | "target" | "address" | "via" | "rule" | "name" | "wouldDeny"
> {
  return {
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(address === undefined ? {} : { address }),
    ...(via === undefined ? {} : { via }),
    ...(rule === undefined ? {} : { rule }),
    ...(name === undefined ? {} : { name }),
    ...(wouldDeny === undefined ? {} : { wouldDeny: wouldDeny.reason }),
  };
}
