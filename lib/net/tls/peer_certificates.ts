/**
 * The certificates that the TLS peer has sent.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";

/** Members of TLS sockets that their types lack. */
interface ShowingSocket {
  _handle: {
    getPeerCertificateChain(): { certificates: Uint8Array[] } | null;
  } | null;
}

/**
 * Returns the certificates that the peer has sent, unchanged.
 *
 * @param socket The socket after its handshake.
 * @returns The certificates as DER, the peer's own first; may be empty.
 */
export function peerCertificates(socket: TLSSocket): Uint8Array[] {
  // Node's public API makes objects of them, and adds certificates of our
  // authorities that were not sent.
  const { _handle: handle } = socket as unknown as ShowingSocket;
  const chain = handle!.getPeerCertificateChain()?.certificates ?? [];
  return chain.map((certificate) => Uint8Array.from(certificate));
}
