/**
 * IPv4 addresses of a dual-stack socket in their usual form.
 *
 * @module
 */

import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { unmapAddress } from "../wire/ip_mapped.ts";

/**
 * Converts an IPv4-mapped address to IPv4: a listener on `[::]` reports IPv4
 * clients in that form.
 *
 * @param addr Address of either end of a connection.
 * @returns The converted address; any other is returned as it is.
 */
export function unmapAddr(addr: Deno.NetAddr): Deno.NetAddr {
  // Avoids parsing for nearly every connection.
  if (!addr.hostname.startsWith("::ffff:")) return addr;
  const ip = parseIpAddress(addr.hostname);
  if (ip === undefined) return addr;
  return { ...addr, hostname: formatIpAddress(unmapAddress(ip)) };
}
