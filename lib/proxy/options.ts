/**
 * The options of `sluice proxy`.
 *
 * @module
 */

import { GROUP } from "../cli/option_groups.ts";
import type { LayersConfig } from "../serve/add_layers.ts";
import { type ProtocolName, PROTOCOLS } from "../serve/proxy_services.ts";
import type { PlainUser } from "../policy/users/users.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { ACCEPT_PROXY_OPTIONS } from "../serve/options/accept_proxy.ts";
import { ADMIN_OPTIONS } from "../serve/options/admin.ts";
import { AUTH_OPTIONS } from "../serve/options/auth.ts";
import { COMMON_OPTIONS, GRACE_OPTIONS } from "../serve/options/common.ts";
import { requireIpAddress } from "../wire/ip_address.ts";
import { quote } from "../wire/quote.ts";
import {
  choice,
  collected,
  count,
  duration,
  flag,
  option,
} from "../cli/declare_options.ts";
import { LIMIT_OPTIONS } from "../serve/options/limits.ts";
import { NAME_OPTIONS } from "../serve/options/names.ts";
import type { OptionValues } from "../cli/option.ts";
import type { SettingsOf } from "../cli/settings.ts";
import { PARENT_TLS_OPTIONS } from "../serve/tls/outgoing.ts";
import { PARENT_OPTIONS } from "../serve/options/parents.ts";
import { RESET_OPTIONS } from "../serve/options/resets.ts";
import {
  CHANGE_OPTIONS,
  RULE_OPTIONS,
  RULES_MODE_OPTIONS,
} from "../serve/options/rules.ts";
import { SEND_PROXY_OPTIONS } from "../serve/options/send_proxy.ts";
import { TLS_OPTIONS } from "../serve/options/tls.ts";
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { WORKER_OPTIONS } from "../serve/options/workers.ts";

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Ways to check the server names that tunnels show. */
export const NAME_CHECKS = ["off", "report", "require"] as const;

/** A way to check them. */
export type NameChecking = typeof NAME_CHECKS[number];

/** The default address. */
const DEFAULT_LISTEN = "127.0.0.1:1080";

/** UDP and BIND need SOCKS. */
const SOCKS5 = [{ anyOf: ["protocols"], is: ["socks5"] }] as const;

/** The heading of these options. */

/** Options of UDP and BIND. */
const UDP_OPTIONS = {
  "bind-timeout": duration({
    default: "1m",
    requires: [{ anyOf: ["protocols"], is: ["socks5", "socks4"] }],
    setting: "bindTimeout",
    group: GROUP.udp,
    help: "time limit for the peer of a BIND to connect; 0 disables it",
  }),
  "udp-advertise": option("address", {
    value: "ADDRESS",
    requires: SOCKS5,
    setting: "udp.advertise",
    group: GROUP.udp,
    help:
      "address that clients send UDP to, if it differs from the one they connect to (behind NAT)",
  }, requireIpAddress),
  "udp-ports": option("address", {
    value: "A-B",
    requires: SOCKS5,
    setting: "udp.ports",
    group: GROUP.udp,
    help: "first and last port for UDP (default any)",
  }, parsePorts),
  "udp-idle-timeout": duration({
    default: "2m",
    requires: SOCKS5,
    setting: "udp.idleTimeout",
    group: GROUP.udp,
    help: "time limit for a UDP association without a datagram; 0 disables it",
  }),
  "max-udp-associations": count({
    default: "1000",
    requires: SOCKS5,
    setting: "udp.associations",
    group: GROUP.udp,
    help: "most UDP associations at the same time",
  }),
  "max-udp-associations-per-client": count({
    default: "64",
    least: "0",
    requires: SOCKS5,
    setting: "udp.perClient",
    group: GROUP.udp,
    help:
      "most UDP associations at the same time from one client; 0 is no limit",
  }),
};

/** Options of `sluice proxy`. */
export const PROXY_OPTIONS = {
  "listen": collected(
    "address",
    {
      value: "HOST:PORT",
      isNumeric: true,
      group: GROUP.listen,
      setting: "listen",
      help:
        `where to listen; also [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660]; repeatable (default ${DEFAULT_LISTEN})`,
    },
    (given): Endpoint[] =>
      (given.length > 0 ? given : [DEFAULT_LISTEN]).map(parseListenEndpoint),
  ),
  "user": collected("secret", {
    value: "NAME:PASSWORD",
    group: GROUP.users,
    help:
      "let only these users in; repeatable. Everyone on this machine can see it in the process list; the variable SLUICE_USERS (NAME:PASSWORD, separated by spaces) keeps it secret",
  }, (given): PlainUser[] => parseUsers(given)),
  ...AUTH_OPTIONS,
  "open": flag(
    "let everyone use the proxy, even on an address that other machines can reach",
    { group: GROUP.users, setting: "open" },
  ),
  ...RULE_OPTIONS,
  ...RULES_MODE_OPTIONS,
  ...CHANGE_OPTIONS,
  "check-names": choice(NAME_CHECKS, {
    default: "off",
    setting: "checkNames",
    group: GROUP.rules,
    help:
      "compare the name that a tunnel's first bytes show with the one asked for: report logs and counts a mismatch, require refuses it; see 'sluice help check-names'",
  }),
  "allow-private": flag(
    "on an address that other machines can reach, also connect to loopback, link-local, private and other special addresses",
    { group: GROUP.rules, setting: "allowPrivate" },
  ),
  "protocols": option("choice", {
    value: "LIST",
    default: PROTOCOLS.join(),
    group: GROUP.listen,
    setting: "protocols",
    help: "protocols that clients may speak, separated by commas",
  }, parseProtocols),
  "connect-timeout": duration({
    default: "10s",
    group: GROUP.limits,
    setting: "timeouts.connect",
    help: "time limit for connecting to the target; 0 disables it",
  }),
  ...TLS_OPTIONS,
  ...NAME_OPTIONS,
  ...UDP_OPTIONS,
  "forwarded-for": flag(
    "send the client's address to the target of HTTP requests (X-Forwarded-For)",
    {
      requires: [{ anyOf: ["protocols"], is: ["http"] }],
      group: GROUP.upstream,
      setting: "forwardedFor",
    },
  ),
  ...PARENT_OPTIONS,
  ...PARENT_TLS_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...SEND_PROXY_OPTIONS,
  ...RESET_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...FLEET_OPTIONS,
  ...COMMON_OPTIONS,
  ...GRACE_OPTIONS,
};

/** Values of the options of `sluice proxy`. */
export type ProxyOptions = OptionValues<typeof PROXY_OPTIONS>;

/** The settings that they declare, and what stands before the protocols. */
export type ProxySettings = SettingsOf<typeof PROXY_OPTIONS> & LayersConfig;

/**
 * Parses users.
 *
 * @param texts `NAME:PASSWORD` each; the password may hold colons.
 * @throws {SyntaxError} If one is malformed or a name comes twice. The message
 *   does not repeat the text, which contains a password.
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
    // The length is one byte and not zero (RFC 1929 §2).
    if (length < 1 || length > 255) {
      throw new SyntaxError(
        `a user's ${what} has ${length} bytes, not 1 to 255`,
      );
    }
    if (CONTROL.test(value)) {
      throw new SyntaxError(
        `user ${
          quote(user.name)
        } has a control character in the ${what}, such as a line feed; leave it out`,
      );
    }
  }
  return user;
}

function parseProtocols(text: string): ProtocolName[] {
  const names = text.split(",");
  for (const [index, name] of names.entries()) {
    if (!PROTOCOLS.some((known) => known === name)) {
      throw new SyntaxError(`'${name}' is not one of ${PROTOCOLS.join(", ")}`);
    }
    if (names.indexOf(name) < index) {
      throw new SyntaxError(`'${name}' is given twice; give it once`);
    }
  }
  return names as ProtocolName[];
}

function parsePorts(text: string): [number, number] {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const ports: [number, number] = [Number(first), Number(last)];
  if (ports[0] >= 1 && ports[0] <= ports[1] && ports[1] <= 65535) return ports;
  throw new SyntaxError(`'${text}' is not two ports such as 40000-40099`);
}
