/**
 * Options for names and for the addresses that connections leave from.
 *
 * @module
 */

import type { NameServer } from "../net/dns_client.ts";
import {
  FAMILY_PREFERENCES,
  type FamilyPreference,
} from "../net/family_preference.ts";
import type { OutgoingAddresses } from "../net/outgoing.ts";
import { NAMES_KEPT } from "../net/resolver.ts";
import { parseHostPort } from "../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../wire/ip_address.ts";
import { unmapAddress } from "../wire/ip_mapped.ts";
import { single } from "./option.ts";

const DNS_PORT = 53;

/** Options for names and outgoing addresses. */
export const NAME_OPTIONS = {
  "dns": {
    value: "ADDRESS[:PORT]",
    help:
      "name server to ask instead of the system (and its /etc/hosts); repeatable: the next one is asked where one fails",
    parse: (given: readonly string[]): NameServer[] =>
      given.map(parseNameServer),
  },
  "dns-cache": single(
    "N",
    String(NAMES_KEPT),
    parseCacheSize,
    "names whose addresses are kept for as long as they hold; 0 keeps none",
  ),
  "prefer": single(
    FAMILY_PREFERENCES.join("|"),
    "system",
    parsePreference,
    "which addresses of a name are tried first, or alone",
  ),
  "bind": {
    value: "ADDRESS",
    help:
      "address of this machine that connections and datagrams leave from; once for IPv4 and once for IPv6 (default: the system chooses)",
    parse: parseOutgoing,
  },
};

function parseNameServer(text: string): NameServer {
  const alone = parseIpAddress(text);
  if (alone !== undefined) return { ip: alone, port: DNS_PORT };
  const isBracketed = /^\[[^\]]*\]$/.test(text);
  const { host, port } = parseHostPort(
    isBracketed ? `${text}:${DNS_PORT}` : text,
    "",
  );
  const ip = parseIpAddress(host);
  if (ip === undefined) {
    throw new SyntaxError(`'${text}' is not an IP address, or one and a port`);
  }
  if (port === 0) throw new SyntaxError(`'${text}' has port 0`);
  return { ip, port };
}

function parseCacheSize(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) <= 1_000_000) return Number(text);
  throw new SyntaxError(`'${text}' is not a whole number from 0 to 1000000`);
}

function parsePreference(text: string): FamilyPreference {
  const found = FAMILY_PREFERENCES.find((known) => known === text);
  if (found !== undefined) return found;
  throw new SyntaxError(
    `'${text}' is none of ${FAMILY_PREFERENCES.join(", ")}`,
  );
}

function parseOutgoing(given: readonly string[]): OutgoingAddresses {
  const outgoing: OutgoingAddresses = {};
  for (const text of given) {
    const ip = parseOwnAddress(text);
    const family = ip.length === 4 ? "ipv4" : "ipv6";
    const before = outgoing[family];
    if (before !== undefined) {
      const both = `${formatIpAddress(before)} and ${formatIpAddress(ip)}`;
      throw new SyntaxError(`${both} are of the same family`);
    }
    outgoing[family] = ip;
  }
  return outgoing;
}

function parseOwnAddress(text: string): IpAddress {
  const ip = parseIpAddress(text);
  if (ip === undefined) throw new SyntaxError(`'${text}' is not an IP address`);
  if (ip.every((byte) => byte === 0)) {
    throw new SyntaxError(`'${text}' is all addresses, not one`);
  }
  return unmapAddress(ip);
}
