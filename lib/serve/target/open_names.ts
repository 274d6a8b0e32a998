/**
 * From the settings of names to what resolves them, and the check that what
 * leaves can leave from where it has to.
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

/** How names are resolved. */
export interface NameConfig {
  /** Name servers; none (the default) is the system's resolver. */
  servers?: readonly NameServer[];
  /** Whom to ask instead of these. */
  source?: NameSource;
  /** Names kept (default 4,096); 0 keeps none. */
  cacheSize?: number;
  /** Which family comes first, or alone (default `system`). */
  preference?: FamilyPreference;
}

/**
 * Makes the resolver of a proxy.
 *
 * @param config How names are resolved.
 * @returns The resolver; it has asked nobody yet.
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
 * Sees to it that connections can leave from the addresses chosen: a mistake
 * would otherwise show at every connection.
 *
 * @param outgoing What was chosen.
 * @returns The same.
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
