/**
 * The last part of every protocol: joins the client and its target.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import { Duplex } from "../net/duplex.ts";
import {
  tunnel,
  type TunnelOptions,
  type TunnelResult,
} from "../net/tunnel.ts";
import type { LiveConnection } from "./live_connection.ts";
import type { Session } from "./session.ts";

/**
 * The last part of a connection, started after its handshake, so that no memory
 * of the handshake is kept while the tunnel is open.
 *
 * @returns How the tunnel ended.
 */
export type LastPart = () => Promise<TunnelResult>;

/**
 * Joins a client and its target until both directions have ended.
 *
 * @param session The client; its handshake is over, its reader released.
 * @param target The target; its opener closes it.
 * @param options Further settings.
 * @returns How the tunnel ended.
 */
export function runTunnel(
  session: Session,
  target: Connection | Duplex,
  options: Pick<TunnelOptions, "keepTarget"> = {},
): Promise<TunnelResult> {
  const { client, context, live, services } = session;
  const { timeouts: { idle, halfClose }, resetRelay = "off" } = services;
  const far = target instanceof Duplex ? target : new Duplex(target);
  const before = client.sent + far.sent;
  session.isTunnelEnding = true;
  session.usage?.pace(far);
  session.usage?.watch(() => client.sent + far.sent - before);
  return tunnel(client, far, context, {
    idleTimeout: idle,
    halfCloseTimeout: halfClose,
    resetRelay,
    ...options,
    ...live === undefined
      ? {}
      : { onHalfClose: watchTunnel(live, client, far) },
  });
}

/** Lets watchers read the tunnel's bytes while it is open. */
function watchTunnel(
  live: LiveConnection,
  client: Duplex,
  far: Duplex,
): () => void {
  const before = { sent: far.sent, received: client.sent };
  live.meter(() => ({
    sent: far.sent - before.sent,
    received: client.sent - before.received,
  }));
  live.open();
  live.begin("tunnel");
  return () => {
    live.isHalfClosed = true;
  };
}
