/**
 * What can be said to `sluice proxy`.
 *
 * @module
 */

import { type ProtocolName, PROTOCOLS } from "../handlers/services.ts";
import type { PlainUser } from "../policy/users.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { ADMIN_OPTIONS } from "./admin_options.ts";
import { AUTH_OPTIONS } from "./auth_options.ts";
import { PARENT_TLS_OPTIONS } from "./outgoing_tls.ts";
import { PARENT_OPTIONS } from "./parent_options.ts";
import { SEND_PROXY_OPTIONS } from "./send_proxy_options.ts";
import { ACCEPT_PROXY_OPTIONS } from "./accept_proxy_options.ts";
import {
  COMMON_OPTIONS,
  durationOption,
  parseCount,
  parseNumber,
} from "./common_options.ts";
import { LIMIT_OPTIONS } from "./limit_options.ts";
import { NAME_OPTIONS } from "./name_options.ts";
import { TLS_OPTIONS } from "./tls_options.ts";
import { flag, only, type OptionValues, single } from "./option.ts";
import { RESET_OPTIONS } from "./reset_options.ts";
import { RULE_OPTIONS } from "./rule_options.ts";
import { WORKER_OPTIONS } from "./worker_options.ts";

/** Where the proxy listens unless told otherwise. */
const DEFAULT_LISTEN = "127.0.0.1:1080";

/** Options of `sluice proxy`. */
export const PROXY_OPTIONS = {
  "listen": {
    value: "HOST:PORT",
    help:
      `where to listen; repeatable; [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) and unix:PATH[,mode=660] do too (default ${DEFAULT_LISTEN})`,
    parse: (given: readonly string[]): Endpoint[] =>
      (given.length > 0 ? given : [DEFAULT_LISTEN]).map(parseListenEndpoint),
  },
  "user": {
    value: "NAME:PASSWORD",
    help:
      "only these may use the proxy; repeatable. Others on this machine can see it in the list of processes: SLUICE_USERS in the environment, NAME:PASSWORD separated by white space, adds users unseen",
    parse: (given: readonly string[]): PlainUser[] => parseUsers(given),
  },
  ...AUTH_OPTIONS,
  "open": flag(
    "let anyone use the proxy, also on an address that others can reach",
  ),
  "allow-private": flag(
    "on such an address, also connect to loopback, link-local, private and other special addresses",
  ),
  ...RULE_OPTIONS,
  "protocols": single(
    "LIST",
    PROTOCOLS.join(),
    parseProtocols,
    "what clients may speak, separated by commas",
  ),
  "connect-timeout": durationOption(
    "10s",
    "for connecting to the target; 0 is for ever",
  ),
  ...TLS_OPTIONS,
  ...NAME_OPTIONS,
  "bind-timeout": durationOption(
    "1m",
    "for the peer that a BIND waits for; 0 is for ever",
  ),
  "udp-advertise": {
    value: "ADDRESS",
    help:
      "address told to clients for UDP, where it is not the one they reach Sluice at (behind NAT)",
    parse: (given: readonly string[]): IpAddress | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseAddress(text);
    },
  },
  "udp-ports": {
    value: "A-B",
    help: "first and last port for UDP (default any)",
    parse: (given: readonly string[]): [number, number] | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parsePorts(text);
    },
  },
  "udp-idle-timeout": durationOption(
    "2m",
    "for a UDP association without a datagram; 0 is never",
  ),
  "max-udp-associations": single(
    "N",
    "1000",
    parseCount,
    "UDP associations at once",
  ),
  "max-udp-associations-per-client": single(
    "N",
    "64",
    (text) => parseNumber(text, 0),
    "UDP associations at once from one client; 0 is no limit",
  ),
  "forwarded-for": flag(
    "tell the targets of HTTP requests the client's address (X-Forwarded-For)",
  ),
  ...PARENT_OPTIONS,
  ...PARENT_TLS_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...SEND_PROXY_OPTIONS,
  ...RESET_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...COMMON_OPTIONS,
};

/** Values of the options of `sluice proxy`. */
export type ProxyOptions = OptionValues<typeof PROXY_OPTIONS>;

/**
 * Parses users.
 *
 * @param texts `NAME:PASSWORD` each; the password may hold colons.
 * @returns The users.
 * @throws {SyntaxError} If one is malformed, or a name comes twice. It does not
 *   repeat the text, which holds a password.
 */
export function parseUsers(texts: readonly string[]): PlainUser[] {
  const users = new Map<string, PlainUser>();
  for (const text of texts) {
    const user = parseUser(text);
    if (users.has(user.name)) {
      throw new SyntaxError(`user '${user.name}' is given twice`);
    }
    users.set(user.name, user);
  }
  return [...users.values()];
}

function parseUser(text: string): PlainUser {
  const colon = text.indexOf(":");
  if (colon < 0) throw new SyntaxError("a user is not NAME:PASSWORD");
  const user = { name: text.slice(0, colon), password: text.slice(colon + 1) };
  for (const [what, value] of Object.entries(user)) {
    const { length } = new TextEncoder().encode(value);
    // The field's length is one byte, and not zero (RFC 1929 §2).
    if (length < 1 || length > 255) {
      throw new SyntaxError(
        `a user's ${what} has ${length} bytes, not 1 to 255`,
      );
    }
  }
  return user;
}

function parseProtocols(text: string): ProtocolName[] {
  const names = text.split(",");
  for (const name of names) {
    if (PROTOCOLS.some((known) => known === name)) continue;
    throw new SyntaxError(`'${name}' is none of ${PROTOCOLS.join(", ")}`);
  }
  return names as ProtocolName[];
}

function parseAddress(text: string): IpAddress {
  const ip = parseIpAddress(text);
  if (ip === undefined) throw new SyntaxError(`'${text}' is not an IP address`);
  return ip;
}

function parsePorts(text: string): [number, number] {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const ports: [number, number] = [Number(first), Number(last)];
  if (ports[0] >= 1 && ports[0] <= ports[1] && ports[1] <= 65535) return ports;
  throw new SyntaxError(`'${text}' is not two ports such as 40000-40099`);
}
