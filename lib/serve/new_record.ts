/**
 * The log record of a new connection, when only its addresses are known.
 *
 * @module
 */

import { formatAddr } from "../net/unix_socket.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";

/**
 * Creates the record of a new connection.
 *
 * @param local Address that the client connected to.
 * @param remote Address of the client.
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
