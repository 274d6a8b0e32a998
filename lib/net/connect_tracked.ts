/**
 * Dials a port on which this program listens too, at any address.
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { waitFor } from "../sync/wait_for.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
import { unmapAddress } from "../wire/ip_mapped.ts";
import type { Connection } from "./connection.ts";
import { type OutgoingAddresses, outgoingFor } from "./outgoing.ts";
import { ownDials, placeOf } from "./own_dials.ts";
import { loopbackOf, ownListeners, type Trail } from "./own_listeners.ts";
import { unmapAddr } from "./unmap_addr.ts";

/** The address to dial, and how the connection gets there. */
export interface TrackedTarget {
  /** The address that is dialled. */
  address: IpAddress;
  /** Its port. */
  port: number;
  /** Source addresses; `undefined` lets the system choose. */
  outgoing: OutgoingAddresses | undefined;
  /** Listeners that the connection has come through. */
  trail: Trail;
}

/**
 * Connects, and tells its trail to a listener of this program that accepts the
 * connection.
 *
 * @typeParam T What is connected to.
 * @param target What is connected to.
 * @param context Stops the attempt when cancelled.
 * @returns The connection; the caller closes it.
 * @throws What `connect` throws, or the reason of the cancellation.
 */
export async function connectTracked<T extends TrackedTarget>(
  target: T,
  connect: (target: T, context: Context) => Promise<Connection>,
  context: Context,
): Promise<Connection> {
  const { address, outgoing = {}, port, trail } = target;
  const to = unmapAddress(address);
  const isAny = to.every((byte) => byte === 0);
  const real = isAny ? outgoingFor(outgoing, to) ?? loopbackOf(to) : to;
  const isOurs = ownListeners.at(real, port) !== undefined;
  const dialled = ownDials.begin(placeOf(formatIpAddress(real), port), trail);
  // A cancelled dial could still be accepted, and nobody would know its trail.
  const uncut = isOurs ? new Context() : context;
  const opening = connect(target, uncut).then((connection) => {
    const localAddr = unmapAddr(connection.localAddr);
    const remoteAddr = unmapAddr(connection.remoteAddr);
    // An address of no interface may lead here too.
    if (isOurs || localAddr.hostname === remoteAddr.hostname) {
      dialled.open({ localAddr, remoteAddr });
    } else dialled.end();
    return connection;
  }, (error) => {
    dialled.end();
    throw error;
  });
  return isOurs ? await unlessCancelled(opening, context) : await opening;
}

async function unlessCancelled(
  opening: Promise<Connection>,
  context: Context,
): Promise<Connection> {
  try {
    return await waitFor(opening, context);
  } catch (error) {
    if (context.cancelled) {
      opening.then((connection) => connection.close(), () => {});
    }
    throw error;
  }
}
