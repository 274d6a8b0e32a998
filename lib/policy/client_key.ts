/**
 * What counts as one client where clients are counted.
 *
 * @module
 */

import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/** A site has at least this much of IPv6 to itself (RFC 6177). */
const IPV6_PREFIX_BYTES = 8;

/**
 * Makes the key by which a client is counted: its address for IPv4, its /64 for
 * IPv6, since whoever has one address of a /64 has all of them.
 *
 * @param address The client's address as text.
 * @returns The key, for example `192.0.2.1` or `2001:db8::/64`.
 */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const ip = parseIpAddress(address);
  if (ip === undefined) return address;
  const prefix = new Uint8Array(ip.length);
  prefix.set(ip.subarray(0, IPV6_PREFIX_BYTES));
  // An IPv4 client of a listener on [::] is one address, not all of IPv4.
  const text = formatIpAddress(ip);
  if (text.startsWith("::ffff:") && text.includes(".")) return text.slice(7);
  return `${formatIpAddress(prefix)}/64`;
}
