/**
 * Addresses that a proxy open to others must not reach for them: what is on
 * this machine, on its networks, or on no network at all.
 *
 * @module
 */

import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";

interface Range {
  prefix: IpAddress;
  bits: number;
  name: string;
}

/** IANA's special-purpose registries (RFC 6890), by what a person calls them. */
const REFUSED: readonly Range[] = [
  ["0.0.0.0/8", "unspecified"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "CGNAT"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmark"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["64:ff9b:1::/48", "local NAT64"],
  ["100::/64", "discard"],
  ["100:0:0:1::/64", "dummy"],
  ["2001:2::/48", "benchmark"],
  ["2001:db8::/32", "documentation"],
  ["3fff::/20", "documentation"],
  ["5f00::/16", "segment routing"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "site-local"],
  ["ff00::/8", "multicast"],
].map(([cidr, name]) => parseRange(cidr!, name!));

/**
 * IPv6 ranges that carry an IPv4 address, which is what is reached in the end,
 * and the offset of its first byte.
 */
const EMBEDDING: readonly (Range & { offset: number })[] = [
  { ...parseRange("::ffff:0:0/96", "IPv4-mapped"), offset: 12 },
  { ...parseRange("::/96", "IPv4-compatible"), offset: 12 },
  { ...parseRange("::ffff:0:0:0/96", "IPv4-translated"), offset: 12 },
  { ...parseRange("64:ff9b::/96", "NAT64"), offset: 12 },
  { ...parseRange("2002::/16", "6to4"), offset: 2 },
];

/** Teredo carries its client's IPv4 address inverted (RFC 4380 §4). */
const TEREDO = parseRange("2001::/32", "Teredo");

/**
 * Tells why an address is refused.
 *
 * @param ip Address that would be dialled.
 * @returns The range it is in, such as `loopback` or `link-local (6to4)`, or
 *   `undefined` where it is reachable for anyone.
 */
export function refusedRange(ip: IpAddress): string | undefined {
  const range = REFUSED.find((range) => contains(range, ip));
  if (range !== undefined) return range.name;
  if (contains(TEREDO, ip)) {
    const client = ip.slice(12).map((byte) => byte ^ 0xff);
    return describe(refusedRange(client), TEREDO);
  }
  const embedding = EMBEDDING.find((range) => contains(range, ip));
  if (embedding === undefined) return undefined;
  const { offset } = embedding;
  return describe(refusedRange(ip.slice(offset, offset + 4)), embedding);
}

function describe(inner: string | undefined, outer: Range): string | undefined {
  return inner === undefined ? undefined : `${inner} (${outer.name})`;
}

function parseRange(cidr: string, name: string): Range {
  const [address, bits] = cidr.split("/");
  return { prefix: parseIpAddress(address!)!, bits: Number(bits), name };
}

function contains({ prefix, bits }: Range, ip: IpAddress): boolean {
  if (ip.length !== prefix.length) return false;
  const whole = bits >> 3;
  for (let n = 0; n < whole; n++) if (ip[n] !== prefix[n]) return false;
  const mask = 0xff00 >> (bits & 7) & 0xff;
  return ((ip[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask);
}
