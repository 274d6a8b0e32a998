/**
 * Connects from a chosen source address, which `Deno.connect` cannot do.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import type { Connection } from "../connection.ts";
import { NodeConnection } from "../tls/node_connection.ts";

/** Source and target of a connection. */
export interface BoundDial {
  /** Source address, one of this machine's. */
  from: IpAddress;
  /** Address of the target, of the same family or IPv4-mapped. */
  to: IpAddress;
  /** Port of the target. */
  port: number;
}

/**
 * Connects through Node's API.
 *
 * @param route Source and target.
 * @param context Stops the attempt when cancelled.
 * @returns The connection; the caller closes it.
 * @throws The system's error, or the reason of the cancellation.
 */
export async function connectFrom(
  { from, to, port }: BoundDial,
  context: Context,
): Promise<Connection> {
  // Imported at the first use: a proxy without --bind starts without it.
  const { connect } = await import("node:net");
  context.throwIfCancelled();
  const socket = connect({
    host: formatIpAddress(unmapAddress(to)),
    port,
    localAddress: formatIpAddress(from),
    allowHalfOpen: true,
    autoSelectFamily: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("connect", resolve);
  socket.on("error", reject); // Kept: an error without a listener is fatal.
  const unregister = context.onCancel(reject);
  try {
    await promise;
    return new NodeConnection(socket);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    unregister();
  }
}
