/**
 * The socket under layers such as TLS.
 *
 * @module
 */

import type { ByteChannel } from "./connection.ts";

/**
 * Finds the socket at the bottom of a connection's layers.
 *
 * @param channel A connection.
 * @returns The socket; the connection itself if it is no layer.
 */
export function socketUnder(channel: ByteChannel): ByteChannel {
  let socket = channel;
  while (socket.carrier !== undefined) socket = socket.carrier;
  return socket;
}
