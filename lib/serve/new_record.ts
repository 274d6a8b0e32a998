/**
 * What is logged of a connection, before anything is known but its ends.
 *
 * @module
 */

import { formatAddr } from "../net/unix_socket.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";

/**
 * Makes the record of a new connection.
 *
 * @param local Where the client has connected to.
 * @param remote Where the client is.
 */
export function newRecord(
  local: Deno.NetAddr,
  remote: Deno.NetAddr,
): ConnectionEvent {
  return {
    event: "connection",
    startedAt: Date.now(),
    duration: 0,
    listener: formatAddr(local),
    client: formatAddr(remote),
    sent: 0,
    received: 0,
    result: "dropped",
    reason: "",
    code: "other",
  };
}
