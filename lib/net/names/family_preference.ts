/**
 * The preference between IPv4 and IPv6.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";

/** The preferences; `system` keeps the resolver's order. */
export const FAMILY_PREFERENCES = [
  "system",
  "ipv4",
  "ipv6",
  "only-ipv4",
  "only-ipv6",
] as const;

/** A preference. */
export type FamilyPreference = typeof FAMILY_PREFERENCES[number];

/** A version of IP. */
export type Family = 4 | 6;

/**
 * Returns the only family of a preference.
 *
 * @returns The family; `undefined` if both are used.
 */
export function onlyFamily(preference: FamilyPreference): Family | undefined {
  if (preference === "only-ipv4") return 4;
  return preference === "only-ipv6" ? 6 : undefined;
}

/**
 * Sorts addresses by preference, and removes those of an unused family.
 *
 * @param addresses Addresses in the resolver's order. An IPv4-mapped one counts
 *   as IPv4, which carries it.
 * @returns A new list; the order within a family is kept.
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
 * Returns the IP version that carries an address.
 *
 * @returns 4 or 6.
 */
export function familyOf(ip: IpAddress): Family {
  return unmapAddress(ip).length === 4 ? 4 : 6;
}
