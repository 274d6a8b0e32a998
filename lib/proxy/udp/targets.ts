/**
 * The targets of a UDP association's client. Only they may send datagrams to
 * it.
 *
 * @module
 */

import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { encodeUdpHeader } from "../../wire/socks/v5_udp.ts";

/** Most targets; the longest silent one makes room. */
const MOST_TARGETS = 256;

/** A target that the client has sent a datagram to. */
export interface UdpTarget {
  /** Its address and port. */
  readonly addr: Deno.NetAddr;
  /** Whether its address is IPv6. */
  readonly isIpv6: boolean;
  /** The header for its datagrams to the client. */
  readonly header: Uint8Array<ArrayBuffer>;
}

/** The targets of one association, in the order of their last datagram. */
export class UdpTargets {
  readonly #targets = new Map<string, UdpTarget>();

  /** Number of targets. */
  get size(): number {
    return this.#targets.size;
  }

  /**
   * Finds a target, or adds it.
   *
   * @param port 1 to 65535.
   */
  open(ip: IpAddress, port: number): UdpTarget {
    const hostname = formatIpAddress(ip);
    const known = this.find(hostname, port);
    if (known !== undefined) return known;
    const [oldest] = this.#targets.keys();
    if (this.#targets.size === MOST_TARGETS) this.#targets.delete(oldest!);
    const target: UdpTarget = {
      addr: { transport: "udp", hostname, port },
      isIpv6: ip.length === 16,
      header: encodeUdpHeader(ip, port),
    };
    this.#targets.set(keyOf(hostname, port), target);
    return target;
  }

  /**
   * Finds a target.
   *
   * @param hostname Address as text.
   * @returns The target, or `undefined` for a stranger.
   */
  find(hostname: string, port: number): UdpTarget | undefined {
    const key = keyOf(hostname, port);
    const target = this.#targets.get(key);
    if (target === undefined) return undefined;
    this.#targets.delete(key);
    this.#targets.set(key, target);
    return target;
  }
}

function keyOf(hostname: string, port: number): string {
  return `${hostname} ${port}`;
}
