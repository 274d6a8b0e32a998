/**
 * The part of a handshake that both sides have: waiting for its end, and
 * leaving in good order where it fails.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import type { NodeTransport } from "./node_transport.ts";
import { TlsError } from "./tls_error.ts";
import { toTlsError } from "./reason.ts";

/** What differs between client and server. */
export interface HandshakeSide {
  /** Name of the peer. */
  peer: "client" | "server";
  /** What the socket calls the end of the handshake. */
  event: "secure" | "secureConnect";
  /**
   * Judges a completed handshake before anything more is written. Returns an
   * error to refuse it.
   */
  judge?: () => TlsError | undefined;
}

/**
 * Waits for the end of a handshake.
 *
 * @param socket The socket that speaks TLS.
 * @param transport The connection below TLS. On failure it is detached and stays
 *   open, and the peer has been sent an alert if TLS has one for the error.
 * @param side What differs between client and server.
 * @throws {TlsError} If the handshake fails.
 */
export async function endHandshake(
  socket: TLSSocket,
  transport: NodeTransport,
  side: HandshakeSide,
): Promise<void> {
  transport.isKept = true;
  // Kept for good: an error without a listener would end the program.
  socket.on("error", () => {});
  transport.on("error", () => {});
  try {
    await secured(socket, transport, side);
    transport.isKept = false;
  } catch (error) {
    await lastWords();
    await transport.detach();
    socket.destroy();
    throw toTlsError(error, side.peer);
  }
}

async function secured(
  socket: TLSSocket,
  transport: NodeTransport,
  { event, judge, peer }: HandshakeSide,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onSecure = () => {
    const fault = judge?.();
    if (fault === undefined) return resolve();
    // Detach before the ticket is written: a client that comes back with it
    // would not be asked for a certificate.
    void transport.detach();
    reject(fault);
  };
  const onEnd = () =>
    reject(new TlsError("left", `TLS handshake failed: ${peer} closed`));
  socket.once(event, onSecure).once("error", reject).once("close", onEnd);
  socket.once("_tlsError", reject);
  transport.once("end", onEnd).once("error", reject);
  try {
    await promise;
  } finally {
    socket.off(event, onSecure).off("error", reject).off("close", onEnd);
    socket.off("_tlsError", reject);
    transport.off("end", onEnd).off("error", reject);
  }
}

/** Node writes the alert in a microtask after it reports the failure. */
function lastWords(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
