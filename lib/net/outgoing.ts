/**
 * Source addresses of outgoing connections.
 *
 * @module
 */

import type { IpAddress } from "../wire/ip_address.ts";
import { familyOf } from "./names/family_preference.ts";

/** One address for each family; without one, the system chooses. */
export interface OutgoingAddresses {
  /** For targets reached over IPv4. */
  ipv4?: IpAddress;
  /** For targets reached over IPv6. */
  ipv6?: IpAddress;
}

/**
 * Returns the source address for a target.
 *
 * @param outgoing The configured addresses.
 * @param target Address of the target; an IPv4-mapped one counts as IPv4.
 * @returns The address; `undefined` lets the system choose.
 */
export function outgoingFor(
  outgoing: OutgoingAddresses,
  target: IpAddress,
): IpAddress | undefined {
  return familyOf(target) === 4 ? outgoing.ipv4 : outgoing.ipv6;
}
