/**
 * The last part of every protocol: joining the client and its target.
 *
 * @module
 */

import { Duplex } from "../net/duplex.ts";
import { tunnel, type TunnelResult } from "../net/tunnel.ts";
import type { Session } from "./session.ts";

/**
 * Joins a client and its target until both directions have ended.
 *
 * @param session The client; its handshake is over, its reader released.
 * @param connection The target; still to be closed by whoever opened it.
 * @returns How the tunnel ended.
 */
export function runTunnel(
  session: Session,
  connection: Deno.TcpConn,
): Promise<TunnelResult> {
  const { client, context, services } = session;
  const { idle, halfClose } = services.timeouts;
  return tunnel(client, new Duplex(connection), context, {
    idleTimeout: idle,
    halfCloseTimeout: halfClose,
  });
}
