/**
 * Options for names and for the addresses that connections leave from.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import type { NameServer } from "../../net/names/dns_client.ts";
import { FAMILY_PREFERENCES } from "../../net/names/family_preference.ts";
import type { OutgoingAddresses } from "../../net/outgoing.ts";
import { NAMES_KEPT } from "../../net/names/resolver.ts";
import { parseHostPort } from "../../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
  requireIpAddress,
} from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";
import { choice, collected, count, option } from "../../cli/declare_options.ts";

const DNS_PORT = 53;

/** Options for names and outgoing addresses. */
export const NAME_OPTIONS = {
  "dns": option("address", {
    value: "ADDRESS[:PORT]",
    many: true,
    setting: "names.servers",
    group: GROUP.names,
    help:
      "name server to ask instead of the system and its /etc/hosts; repeatable: if one fails, Sluice asks the next",
  }, parseNameServer),
  "dns-cache": count({
    default: String(NAMES_KEPT),
    least: "0",
    most: "1000000",
    setting: "names.cacheSize",
    group: GROUP.names,
    help:
      "names to keep in the cache for as long as their records allow; 0 disables the cache",
  }),
  "prefer": choice(FAMILY_PREFERENCES, {
    default: "system",
    setting: "names.preference",
    group: GROUP.names,
    help:
      "which addresses of a name to try first; only-ipv4 and only-ipv6 try no others",
  }),
  "bind": collected("address", {
    value: "ADDRESS",
    setting: "outgoing",
    group: GROUP.names,
    help:
      "address of this machine to connect from; once for IPv4 and once for IPv6 (default: the system chooses)",
  }, parseOutgoing),
};

function parseNameServer(text: string): NameServer {
  const alone = parseIpAddress(text);
  if (alone !== undefined) return { ip: alone, port: DNS_PORT };
  const isBracketed = /^\[[^\]]*\]$/.test(text);
  const hasPort = text.includes(":") && !isBracketed;
  const { host, port } = parseHostPort(
    hasPort ? text : `${text}:${DNS_PORT}`,
    "",
  );
  const ip = parseIpAddress(host);
  if (ip === undefined) {
    throw new SyntaxError(
      `'${text}' is not an IP address, or one and a port, such as 192.0.2.53 or 192.0.2.53:5353; a name can't be looked up without a name server`,
    );
  }
  if (port === 0) {
    throw new SyntaxError(`'${text}' has port 0; give one from 1 to 65535`);
  }
  return { ip, port };
}

function parseOutgoing(given: readonly string[]): OutgoingAddresses {
  const outgoing: OutgoingAddresses = {};
  for (const text of given) {
    const ip = parseOwnAddress(text);
    const family = ip.length === 4 ? "ipv4" : "ipv6";
    const before = outgoing[family];
    if (before !== undefined) {
      const both = `${formatIpAddress(before)} and ${formatIpAddress(ip)}`;
      throw new SyntaxError(
        `${both} are of the same family; give one IPv4 and one IPv6 address at most`,
      );
    }
    outgoing[family] = ip;
  }
  return outgoing;
}

function parseOwnAddress(text: string): IpAddress {
  const ip = requireIpAddress(text);
  if (ip.every((byte) => byte === 0)) {
    throw new SyntaxError(`'${text}' means all addresses; give one`);
  }
  return unmapAddress(ip);
}
