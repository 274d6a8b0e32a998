/**
 * The address guard: addresses that a proxy must not reach for other machines,
 * because they belong to this machine, to its networks or to none.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";
import { type IpRange, isInRange, parseIpRange } from "../../wire/ip_range.ts";
import { embeddedAddress } from "./embedded_address.ts";

interface NamedRange extends IpRange {
  readonly name: string;
}

/** IANA's special-purpose registries (RFC 6890), with common names. */
const REFUSED: readonly NamedRange[] = [
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
].map(([cidr, name]) => ({ ...parseIpRange(cidr!), name: name! }));

/** Name for an address of an interface, in any range. */
const OWN = "an address of this machine";

/** The refused ranges by their names in rules: lower case, no spaces. */
const BY_NAME: ReadonlyMap<string, readonly IpRange[]> = Map.groupBy(
  REFUSED,
  ({ name }) => name.toLowerCase().replaceAll(" ", "-"),
);

/** Tells whether an address currently belongs to this machine. */
export type IsOwn = (ip: IpAddress) => boolean;

/**
 * Tells why an address is refused.
 *
 * @param ip The address to dial.
 * @param isOwn Tells which further addresses this machine has (default: none).
 * @returns The range it is in, such as `loopback` or `link-local (6to4)`, or
 *   `undefined` for an ordinary address.
 */
export function refusedRange(
  ip: IpAddress,
  isOwn?: IsOwn,
): string | undefined {
  const range = REFUSED.find((range) => isInRange(range, ip));
  if (range !== undefined) return range.name;
  if (isOwn?.(ip)) return OWN;
  const embedded = embeddedAddress(ip);
  if (embedded === undefined) return undefined;
  const inner = refusedRange(embedded.ip, isOwn);
  return inner === undefined ? undefined : `${inner} (${embedded.form})`;
}

/**
 * Returns the ranges of one kind.
 *
 * @param name Their name in rules, such as `private`.
 * @returns The ranges of both families, or `undefined` for an unknown name.
 */
export function specialRanges(name: string): readonly IpRange[] | undefined {
  return BY_NAME.get(name);
}

/**
 * Lists the kinds.
 *
 * @returns The names for {@linkcode specialRanges}.
 */
export function specialNames(): string[] {
  return [...BY_NAME.keys()];
}
