/**
 * The key by which Sluice counts clients.
 *
 * @module
 */

import { formatIpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";

/** A site has at least a prefix of this many bytes of IPv6 (RFC 6177). */
const IPV6_PREFIX_BYTES = 8;

/**
 * Returns the key by which a client is counted: its address for IPv4, its /64
 * for IPv6, because the owner of one address of a /64 owns all of them.
 *
 * @param address The client's address as text; `unix:` if it has none.
 * @returns The key, for example `192.0.2.1`, `2001:db8::/64` or `unix`.
 */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  if (address === "unix:") return "unix"; // As in the log.
  const mapped = parseIpAddress(address);
  if (mapped === undefined) return address;
  // An IPv4 client of a listener on [::] counts as one address, not as all of
  // IPv4.
  const ip = unmapAddress(mapped);
  if (ip.length === 4) return formatIpAddress(ip);
  const prefix = new Uint8Array(ip.length);
  prefix.set(ip.subarray(0, IPV6_PREFIX_BYTES));
  return `${formatIpAddress(prefix)}/64`;
}
