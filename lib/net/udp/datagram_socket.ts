/**
 * Sockets for datagrams.
 *
 * @module
 */

import { DialError, dialFault } from "../dial_error.ts";
import { openWithLongQueue } from "../system/receive_queue.ts";

/** First and last of a range of ports. */
export type PortRange = readonly [first: number, last: number];

/**
 * Opens a socket for datagrams, with a long queue for bursts if possible.
 *
 * @param hostname Address to bind to.
 * @param ports Ports to try in turn from a random one (default: any free port).
 * @returns The socket; the caller closes it.
 * @throws {DialError} If the system refuses, or all ports are taken.
 */
export function openUdp(
  hostname: string,
  ports?: PortRange,
): Deno.DatagramConn {
  if (ports === undefined) return bindTo(hostname, 0);
  const [first, last] = ports;
  const count = last - first + 1;
  const start = Math.floor(Math.random() * count);
  for (let n = 0; n < count; n++) {
    try {
      return bindTo(hostname, first + (start + n) % count);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new DialError(
    "failed",
    `Cannot open UDP on ${hostname}: no port from ${first} to ${last} is free`,
  );
}

function bindTo(hostname: string, port: number): Deno.DatagramConn {
  try {
    return openWithLongQueue(() =>
      Deno.listenDatagram({ transport: "udp", hostname, port })
    );
  } catch (error) {
    throw dialFault(`Cannot open UDP on ${hostname}`, error);
  }
}

function isTaken(error: unknown): boolean {
  return (error as DialError).cause instanceof Deno.errors.AddrInUse;
}
