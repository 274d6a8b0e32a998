/**
 * What the other side of TLS has shown.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";

/** What TLS sockets have beyond their types. */
interface ShowingSocket {
  _handle: {
    getPeerCertificateChain(): { certificates: Uint8Array[] } | null;
  } | null;
}

/**
 * Takes the certificates that the other side has sent, as they were sent.
 *
 * @param socket The socket; its handshake has ended.
 * @returns The certificates as DER, its own first; none where it has sent none.
 */
export function peerCertificates(socket: TLSSocket): Uint8Array[] {
  // Node's public API makes objects of them, and fills in from our authorities
  // what was not sent.
  const { _handle: handle } = socket as unknown as ShowingSocket;
  const chain = handle!.getPeerCertificateChain()?.certificates ?? [];
  return chain.map((certificate) => Uint8Array.from(certificate));
}
