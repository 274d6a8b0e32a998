/**
 * The announcements of the proxy at its start.
 *
 * @module
 */

import type { ClientAuthentication } from "../serve/tls/over_tls.ts";
import type { ProtocolName } from "../serve/proxy_services.ts";
import { formatAddr, pathOf } from "../net/unix_socket.ts";
import { countOf } from "../observe/count_of.ts";
import type { User } from "../policy/users/users.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { quoteShellWord } from "../cli/quote_shell_word.ts";
import { localHost } from "../serve/announcement.ts";
import { type ListenerInfo, openTo } from "../serve/start_listeners.ts";

/** Facts for the announcements. */
export interface BannerFacts {
  /** Listeners of the running proxy. */
  listeners: readonly ListenerInfo[];
  /** Protocols for clients. */
  protocols: readonly ProtocolName[];
  /** The first users; `undefined` lets everyone in. */
  users: readonly User[] | undefined;
  /** Whether the guard was lifted. */
  allowPrivate: boolean;
  /** Number of rules; `undefined` without rules. */
  rules?: number | undefined;
  /** Client authentication of TLS; `undefined` without TLS. */
  tls?: ClientAuthentication | undefined;
}

/**
 * Creates the lines: listeners, how to try them, who may use them for what.
 *
 * @param facts About the running proxy.
 * @returns One line each, in that order for each listener.
 */
export function bannerLines(facts: BannerFacts): string[] {
  return facts.listeners.flatMap((listener) => {
    return [
      `Listening on ${formatAddr(listener.addr)} (${spoken(facts)})`,
      `Try it: ${tryLine(listener, facts)}`,
      `Open to ${whoMay(listener, facts)}`,
    ];
  });
}

const NAMES: Readonly<Record<ProtocolName, string>> = {
  socks5: "SOCKS5",
  socks4: "SOCKS4",
  http: "HTTP",
};

/** Schemes to suggest, and their names in curl. */
const SCHEMES = ["socks5", "http", "socks4"] as const;
const URL_SCHEME: Readonly<Record<ProtocolName, string>> = {
  socks5: "socks5h",
  socks4: "socks4a",
  http: "http",
};

/** SOCKS4 has no passwords, so it is off if there are users. */
function spoken({ protocols, tls, users }: BannerFacts): string {
  const isOpen = users === undefined || asksForCertificates(tls);
  const names = protocols
    .filter((name) => name !== "socks4" || isOpen)
    .map((name) => NAMES[name]).join(", ");
  return tls === undefined ? names : `${names}, over TLS`;
}

function tryLine({ addr, mode }: ListenerInfo, facts: BannerFacts): string {
  const { protocols, tls, users } = facts;
  const path = mode === undefined ? undefined : pathOf(addr);
  // Over a Unix socket curl supports only SOCKS proxies.
  const scheme = SCHEMES.find((name) =>
    protocols.includes(name) && (path === undefined || name !== "http")
  );
  if (path !== undefined && (tls !== undefined || scheme === undefined)) {
    const at = { transport: "tcp", hostname: "127.0.0.1", port: 8080 } as const;
    return `socat TCP-LISTEN:8080,bind=127.0.0.1,fork ${
      quoteShellWord(`UNIX-CONNECT:${path}`)
    } & ${tryLine({ addr: at, name: "", isPublic: false }, facts)}`;
  }
  const at = path !== undefined
    ? `localhost${encodeURI(path)}`
    : formatHostPort(localHost(addr.hostname), addr.port);
  // Without the password: this line goes into a log.
  const login = users === undefined || tls === "require"
    ? ""
    : `${encodeURIComponent(users[0]?.name ?? "USER")}:PASSWORD@`;
  if (tls !== undefined) return tryTls(tls, `${login}${at}`);
  const proxy = `${URL_SCHEME[scheme!]}://${login}${at}`;
  const word = path === undefined ? proxy : quoteShellWord(proxy);
  return `curl -x ${word} https://example.com/`;
}

/** Over TLS curl supports only HTTP proxies. */
function tryTls(tls: ClientAuthentication, proxy: string): string {
  const own = tls === "require"
    ? " --proxy-cert YOURS.crt --proxy-key YOURS.key"
    : "";
  return `curl -x https://${proxy} --proxy-cacert CA.crt${own} https://example.com/`;
}

function asksForCertificates(tls: BannerFacts["tls"]): boolean {
  return tls !== undefined && tls !== "anyone";
}

function whoMay(
  { isPublic, mode }: ListenerInfo,
  { users, allowPrivate, rules, tls }: BannerFacts,
): string {
  const clients = describeClients(tls, users);
  const who = openTo(clients, { isPublic, mode });
  if (rules !== undefined) {
    return `${who}; targets by ${countOf(rules, "rule")} and the default`;
  }
  return isPublic && !allowPrivate
    ? `${who}; public targets only (--allow-private allows others)`
    : `${who}; any target`;
}

function describeClients(
  tls: BannerFacts["tls"],
  users: BannerFacts["users"],
): string {
  if (tls === "require") return "certificate holders";
  const others = describeUsers(users);
  return tls === "request" ? `certificate holders and ${others}` : others;
}

function describeUsers(users: BannerFacts["users"]): string {
  if (users === undefined) return "anyone";
  if (users.length === 0) return "nobody";
  return countOf(users.length, "user");
}
