/**
 * Creates a resolver from its settings, and checks source addresses.
 *
 * @module
 */

import type { NameServer } from "../../net/names/dns_client.ts";
import { DnsNames } from "../../net/names/dns_names.ts";
import { explainError } from "../../observe/explain_error.ts";
import {
  type FamilyPreference,
  onlyFamily,
} from "../../net/names/family_preference.ts";
import type { NameSource } from "../../net/names/answer.ts";
import type { OutgoingAddresses } from "../../net/outgoing.ts";
import { NAMES_KEPT, Resolver } from "../../net/names/resolver.ts";
import { SystemNames } from "../../net/names/system_names.ts";
import { formatIpAddress, type IpAddress } from "../../wire/ip_address.ts";
import { StartError } from "../../cli/usage_error.ts";

/** Settings of name resolution. */
export interface NameConfig {
  /** Name servers (default: the system's resolver). */
  servers?: readonly NameServer[];
  /** Another source of answers instead of these. */
  source?: NameSource;
  /** Most cached names (default 4,096); 0 disables the cache. */
  cacheSize?: number;
  /** Preferred or only address family (default `system`). */
  preference?: FamilyPreference;
}

/**
 * Creates a resolver.
 *
 * @param config Settings of name resolution.
 * @returns The resolver, which has sent no query yet.
 */
export function openNames(config: NameConfig = {}): Resolver {
  const { servers = [], cacheSize = NAMES_KEPT } = config;
  const { preference = "system" } = config;
  const source = config.source ??
    (servers.length === 0 ? new SystemNames() : new DnsNames(servers, {
      family: onlyFamily(preference),
      preferred: preference === "ipv4" ? 4 : 6,
    }));
  return new Resolver({ source, cacheSize, preference });
}

/**
 * Checks that source addresses are usable; otherwise every connection would
 * fail.
 *
 * @param outgoing The source addresses.
 * @throws {StartError} If one is not an address of this machine.
 */
export function checkOutgoing(outgoing: OutgoingAddresses): OutgoingAddresses {
  for (const ip of [outgoing.ipv4, outgoing.ipv6]) {
    if (ip !== undefined) checkOwn(ip);
  }
  return outgoing;
}

function checkOwn(ip: IpAddress): void {
  const hostname = formatIpAddress(ip);
  try {
    Deno.listen({ hostname, port: 0 }).close();
  } catch (error) {
    const why = error instanceof Deno.errors.AddrNotAvailable
      ? "it is not an address of this machine"
      : explainError(error);
    throw new StartError(`Cannot use ${hostname} as a source address: ${why}`, {
      option: "bind",
      cause: error,
    });
  }
}
