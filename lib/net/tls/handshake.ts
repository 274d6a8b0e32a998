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

/** What the two sides differ in. */
export interface HandshakeSide {
  /** Name of the peer. */
  peer: "client" | "server";
  /** What the socket calls the end of the handshake. */
  event: "secure" | "secureConnect";
  /**
   * Judges the handshake in the moment of its end, before anything more is
   * written: what is returned is why it has failed nevertheless.
   */
  judge?: () => TlsError | undefined;
}

/**
 * Waits for the end of a handshake.
 *
 * @param socket The socket that speaks TLS.
 * @param transport What it speaks over. Where this fails it is detached: its
 *   connection is open, and the other side has been told why as far as TLS has
 *   words for it.
 * @param side What the two sides differ in.
 * @throws {TlsError} If the handshake has failed.
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

/** The alert is written in a microtask after the failure is told. */
function lastWords(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
