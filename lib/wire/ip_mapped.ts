/**
 * IPv4-mapped IPv6 addresses, which dual-stack sockets report (RFC 4291
 * §2.5.5.2).
 *
 * @module
 */

import type { IpAddress } from "./ip_address.ts";

/** `::ffff:0:0/96`. */
const PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/**
 * Extracts an IPv4 address from its IPv4-mapped form.
 *
 * @param ip Any address.
 * @returns Four bytes for a mapped address; any other address unchanged.
 */
export function unmapAddress(ip: IpAddress): IpAddress {
  if (ip.length === 4) return ip;
  const isMapped = PREFIX.every((byte, index) => ip[index] === byte);
  return isMapped ? ip.slice(PREFIX.length) : ip;
}

/** Tells whether two addresses are equal, mapped or not. */
export function isSameAddress(a: IpAddress, b: IpAddress): boolean {
  const [left, right] = [unmapAddress(a), unmapAddress(b)];
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
