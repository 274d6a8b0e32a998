/**
 * What the PROXY protocol tells of a connection, in either version.
 *
 * @module
 */

import type { IpAddress } from "../ip_address.ts";

/** One end of the connection that a header tells of. */
export interface ProxyEndpoint {
  /** Four bytes for IPv4, sixteen for IPv6. */
  ip: IpAddress;
  /** Port, 0 to 65535. */
  port: number;
}

/** Both ends of the connection that a header tells of. */
export interface ProxyEndpoints {
  /** The client. */
  source: ProxyEndpoint;
  /** Where the client has connected to. */
  destination: ProxyEndpoint;
}

/** What a header says. */
export interface ProxyHeader {
  /**
   * `undefined` where it speaks for no other connection than its own (`LOCAL`,
   * `UNKNOWN`), or for one without IP addresses.
   */
  endpoints: ProxyEndpoints | undefined;
  /** Name that the client asked for, as in TLS SNI. */
  authority?: string;
  /** Identifies the connection, 1 to 128 bytes. */
  uniqueId?: Uint8Array;
}

/**
 * Makes both ends of one family, as the messages need them: IPv4 becomes
 * IPv4-mapped where the other end has IPv6 (RFC 4291 §2.5.5.2).
 *
 * @param endpoints Both ends.
 * @returns Both ends, with addresses of one length.
 */
export function ofOneFamily(endpoints: ProxyEndpoints): ProxyEndpoints {
  const { source, destination } = endpoints;
  if (source.ip.length === destination.ip.length) return endpoints;
  return { source: mapped(source), destination: mapped(destination) };
}

function mapped({ ip, port }: ProxyEndpoint): ProxyEndpoint {
  if (ip.length === 16) return { ip, port };
  const wide = new Uint8Array(16);
  wide.fill(0xff, 10, 12);
  wide.set(ip, 12);
  return { ip: wide, port };
}
