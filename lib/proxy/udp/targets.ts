/**
 * Whom a client of a UDP association has written to, and who may therefore
 * write to it.
 *
 * @module
 */

import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { encodeUdpHeader } from "../../wire/socks/v5_udp.ts";

/** Targets kept; the one that was silent longest makes room. */
const MOST_TARGETS = 256;

/** Somebody that the client has written to. */
export interface UdpTarget {
  /** Where it is. */
  readonly addr: Deno.NetAddr;
  /** Whether it is reached over IPv6. */
  readonly isIpv6: boolean;
  /** What its datagrams are labelled with. */
  readonly header: Uint8Array<ArrayBuffer>;
}

/** The targets of one association, in the order of their last datagram. */
export class UdpTargets {
  readonly #targets = new Map<string, UdpTarget>();

  /** How many there are. */
  get size(): number {
    return this.#targets.size;
  }

  /**
   * Finds a target, or adds it.
   *
   * @param port Its port, 1 to 65535.
   * @returns The target.
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
   * @param hostname Its address as text.
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
