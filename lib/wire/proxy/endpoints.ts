/**
 * The contents of a PROXY header, in either version.
 *
 * @module
 */

import type { SocketAddress } from "../ip_address.ts";

/** Both ends of the connection that a header describes. */
export interface ProxyEndpoints {
  /** The client. */
  source: SocketAddress;
  /** The address that the client connected to. */
  destination: SocketAddress;
}

/** The contents of a header. */
export interface ProxyHeader {
  /**
   * Both ends; `undefined` if the sender opened the connection for itself
   * (`LOCAL`, `UNKNOWN`) or its client has no IP addresses.
   */
  endpoints: ProxyEndpoints | undefined;
  /** Name that the client requested, as in TLS SNI. */
  authority?: string;
  /** Identifier of the connection, 1 to 128 bytes. */
  uniqueId?: Uint8Array;
}

/**
 * Converts both ends to one family, as the messages require. IPv4 becomes
 * IPv4-mapped IPv6 if the other end has IPv6 (RFC 4291 §2.5.5.2).
 *
 * @returns Both ends, with addresses of one length.
 */
export function ofOneFamily(endpoints: ProxyEndpoints): ProxyEndpoints {
  const { source, destination } = endpoints;
  if (source.ip.length === destination.ip.length) return endpoints;
  return { source: mapped(source), destination: mapped(destination) };
}

function mapped({ ip, port }: SocketAddress): SocketAddress {
  if (ip.length === 16) return { ip, port };
  const wide = new Uint8Array(16);
  wide.fill(0xff, 10, 12);
  wide.set(ip, 12);
  return { ip: wide, port };
}
