/**
 * The socket under layers such as TLS.
 *
 * @module
 */

import type { ByteChannel } from "./connection.ts";

/**
 * Finds the socket that a connection runs over in the end.
 *
 * @param channel A connection.
 * @returns The socket; the connection itself where it is no layer.
 */
export function socketUnder(channel: ByteChannel): ByteChannel {
  let socket = channel;
  while (socket.carrier !== undefined) socket = socket.carrier;
  return socket;
}
