/**
 * Which of IPv4 and IPv6 is used, or used first.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";

/** What can be preferred; `system` is the order that the resolver gives. */
export const FAMILY_PREFERENCES = [
  "system",
  "ipv4",
  "ipv6",
  "only-ipv4",
  "only-ipv6",
] as const;

/** What is preferred. */
export type FamilyPreference = typeof FAMILY_PREFERENCES[number];

/** A version of IP. */
export type Family = 4 | 6;

/**
 * Tells which family is used alone.
 *
 * @param preference What is preferred.
 * @returns The family, or `undefined` where both are used.
 */
export function onlyFamily(preference: FamilyPreference): Family | undefined {
  if (preference === "only-ipv4") return 4;
  return preference === "only-ipv6" ? 6 : undefined;
}

/**
 * Orders addresses, and leaves out those of a family that is not used.
 *
 * @param addresses Addresses in the resolver's order. An IPv4-mapped one is
 *   IPv4, which is what carries it.
 * @param preference What is preferred.
 * @returns A new list; within a family the order is the same.
 */
export function preferFamily(
  addresses: readonly IpAddress[],
  preference: FamilyPreference,
): IpAddress[] {
  const ipv4 = addresses.filter((ip) => familyOf(ip) === 4);
  const ipv6 = addresses.filter((ip) => familyOf(ip) === 6);
  switch (preference) {
    case "system":
      return [...addresses];
    case "ipv4":
      return [...ipv4, ...ipv6];
    case "ipv6":
      return [...ipv6, ...ipv4];
    case "only-ipv4":
      return ipv4;
    case "only-ipv6":
      return ipv6;
  }
}

/**
 * Tells what carries an address.
 *
 * @returns 4 or 6.
 */
export function familyOf(ip: IpAddress): Family {
  return unmapAddress(ip).length === 4 ? 4 : 6;
}
