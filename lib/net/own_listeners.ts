/**
 * The listeners of this program by address. A connection must not come back to
 * one of them.
 *
 * @module
 */

import { once } from "../sync/once.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { isSameAddress, unmapAddress } from "../wire/ip_mapped.ts";
import { isThisMachine } from "./own_addresses.ts";
import { formatAddr } from "./unix_socket.ts";

/**
 * Names of the listeners that a connection has come through, in order:
 * `HOST:PORT` as bound, or `unix:PATH`.
 */
export type Trail = readonly string[];

interface OwnListener {
  readonly name: string;
  /** The address that was bound; `undefined` for a Unix socket. */
  readonly ip: IpAddress | undefined;
  /** How many listeners have it: two for a moment during a reload. */
  count: number;
}

/** Stands for the port of a listener on a Unix socket. */
const NO_PORT = 0;

/** Listeners by address. */
export class OwnListeners {
  readonly #byPort = new Map<number, Map<string, OwnListener>>();

  /**
   * Notes a listener.
   *
   * @param addr Where it listens.
   * @returns Removes it. Further calls do nothing.
   */
  enter(addr: Deno.NetAddr): () => void {
    const name = formatAddr(addr);
    const { port } = addr;
    const there = this.#byPort.get(port) ?? new Map<string, OwnListener>();
    this.#byPort.set(port, there);
    const ip = parseIpAddress(addr.hostname.replace(/%.*$/, ""));
    const listener = there.get(name) ?? { name, ip, count: 0 };
    there.set(name, listener);
    listener.count++;
    return once(() => {
      if (--listener.count > 0) return;
      there.delete(name);
      if (there.size === 0) this.#byPort.delete(port);
    });
  }

  /**
   * Tells whether a port has a listener, at any address. It is cheap, because
   * every dial asks.
   *
   * @returns Whether it has one.
   */
  hasPort(port: number): boolean {
    return this.#byPort.has(port);
  }

  /**
   * Finds the listener that a connection would reach.
   *
   * @param address Address that would be dialled.
   * @returns Its name; `undefined` if the program does not listen there.
   */
  at(address: IpAddress, port: number): string | undefined {
    for (const { ip, name } of this.#byPort.get(port)?.values() ?? []) {
      if (ip !== undefined && takes(ip, address)) return name;
    }
    return undefined;
  }

  /**
   * Finds the listener on a Unix socket.
   *
   * @param path Path of the socket.
   * @returns Its name; `undefined` if the program does not listen there.
   */
  atPath(path: string): string | undefined {
    const there = this.#byPort.get(NO_PORT);
    if (there === undefined) return undefined;
    const wanted = realPath(path);
    for (const { ip, name } of there.values()) {
      if (ip !== undefined) continue; // Its port is not known yet.
      if (realPath(name.slice("unix:".length)) === wanted) return name;
    }
    return undefined;
  }
}

/** The listeners of this thread; other threads listen on the same ports. */
export const ownListeners: OwnListeners = new OwnListeners();

/** Whether a listener on one address receives connections to another. */
function takes(bound: IpAddress, address: IpAddress): boolean {
  const to = unmapAddress(address);
  if (isAny(bound)) {
    // `[::]` accepts IPv4 too.
    return (bound.length === 16 || to.length === 4) && isThisMachine(to);
  }
  if (isSameAddress(bound, to)) return true;
  // Linux treats the unspecified address as loopback.
  return isAny(to) && isSameAddress(bound, loopbackOf(to));
}

function isAny(ip: IpAddress): boolean {
  return ip.every((byte) => byte === 0);
}

/**
 * Returns the address that Linux connects to instead of the unspecified one.
 *
 * @returns Loopback of its family for zeros; any other address as it is.
 */
export function loopbackOf(ip: IpAddress): IpAddress {
  if (!isAny(ip)) return ip;
  const loopback = new Uint8Array(ip.length);
  if (ip.length === 4) loopback[0] = 127;
  loopback[ip.length - 1] = 1;
  return loopback;
}

/** One file can have many paths. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path; // The file is gone, or Deno may not read it.
  }
}
