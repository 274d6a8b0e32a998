/**
 * Refuses connections that come back to a listener on their path. Each round
 * would cost two file descriptors, without end.
 *
 * ```text
 * client --> A --> B --> A   refused: A is on the way
 * client --> A --> B --> …   as it is asked for
 * ```
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import { dial, type Dialled, type DialOptions } from "../../net/dial.ts";
import { ownDials } from "../../net/own_dials.ts";
import type { Resolver } from "../../net/names/resolver.ts";
import { ownListeners, type Trail } from "../../net/own_listeners.ts";
import { connectUnix } from "../../net/unix_socket.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Context } from "../../sync/context.ts";
import type { Destination } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import type { IpAddress } from "../../wire/ip_address.ts";

/** Options for {@linkcode dialHostOn}. */
export interface DialHostOptions extends Omit<DialOptions, "late"> {
  /** Resolves the host. */
  resolver: Resolver;
}

/**
 * Resolves and dials a host, but skips listeners on the connection's path.
 *
 * @param target Host and port, 1 to 65535.
 * @param context Gives up when cancelled.
 * @param options Options of `dial`, and the resolver.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} `loop`, if all addresses lead to such listeners.
 * @throws {DialError} If it can't be resolved, or no address answers.
 */
export async function dialHostOn(
  { host, port }: Destination,
  context: Context,
  { resolver, ...options }: DialHostOptions,
): Promise<Dialled> {
  const { addresses, late } = await resolver.find(host, context);
  const dialOn = ownListeners.hasPort(port) ? dialElsewhere : dial;
  return await dialOn(addresses, port, context, { ...options, late });
}

/**
 * Connects to a Unix socket, unless its listener is on the connection's path.
 *
 * @param trail Listeners on the path so far.
 * @param path Path of the socket.
 * @param context Gives up when cancelled.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} `loop`.
 * @throws What `connectUnix` throws.
 */
export async function connectUnixOn(
  trail: Trail,
  path: string,
  context: Context,
): Promise<Connection> {
  const name = ownListeners.atPath(path);
  if (name === undefined) return await connectUnix(path, context);
  if (trail.includes(name)) throw loopAt(name, name);
  const forget = ownDials.beginAt(name, trail);
  try {
    return await connectUnix(path, context);
  } catch (error) {
    forget();
    throw error;
  }
}

/**
 * Dials like {@linkcode dial}, but skips listeners on the connection's path:
 * one address of a name may be such a listener and another may not. Only needed
 * if the port is a listener's.
 *
 * @param addresses At least one address, in order of preference.
 * @param port Port, 1 to 65535.
 * @param context Gives up when cancelled.
 * @param options Options of `dial`, and the path so far.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} `loop`, if all addresses lead to such listeners.
 * @throws What `dial` throws.
 */
export async function dialElsewhere(
  addresses: readonly IpAddress[],
  port: number,
  context: Context,
  { late, ...options }: DialOptions,
): Promise<Dialled> {
  const { trail = [] } = options;
  let back: IpAddress | undefined;
  const isOpen = (ip: IpAddress) => {
    if (!isOn(trail, ip, port)) return true;
    back ??= ip;
    return false;
  };
  const open = addresses.filter(isOpen);
  try {
    if (open.length > 0 || late !== undefined) {
      const others = late?.then((more) => more.filter(isOpen));
      return await dial(open, port, context, { ...options, late: others });
    }
  } catch (error) {
    context.throwIfCancelled();
    if (back === undefined) throw error;
  }
  const name = ownListeners.at(back!, port)!;
  throw loopAt(formatHostPort(back!, port), name);
}

function isOn(trail: Trail, address: IpAddress, port: number): boolean {
  const name = ownListeners.at(address, port);
  return name !== undefined && trail.includes(name);
}

function loopAt(place: string, name: string): Refusal {
  const by = place === name ? "" : ` (${name})`;
  return new Refusal(
    "loop",
    `loop: the connection already came through the listener ${place}${by}`,
  );
}

/**
 * Tells whether an error is a loop, or follows from one.
 *
 * @param error Any error.
 * @returns The refusal; `undefined` for any other error.
 */
export function loopOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) {
    return error.kind === "loop" ? error : undefined;
  }
  return error instanceof Error ? loopOf(error.cause) : undefined;
}
