/**
 * Addresses of a socket for both families as people know them.
 *
 * @module
 */

import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { unmapAddress } from "../wire/ip_mapped.ts";

/**
 * Takes an IPv4 address out of its IPv4-mapped form: a listener on `[::]` has
 * its IPv4 clients in IPv6.
 *
 * @param addr Address of either end of a connection.
 * @returns The same place; any other address is returned as it is.
 */
export function unmapAddr(addr: Deno.NetAddr): Deno.NetAddr {
  // Nothing to parse on the path of nearly every connection.
  if (!addr.hostname.startsWith("::ffff:")) return addr;
  const ip = parseIpAddress(addr.hostname);
  if (ip === undefined) return addr;
  return { ...addr, hostname: formatIpAddress(unmapAddress(ip)) };
}
