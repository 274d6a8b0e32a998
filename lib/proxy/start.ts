/**
 * Starts the proxy: from values to listeners that serve.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import type { NameCheck, UdpSettings } from "../serve/proxy_services.ts";
import { detect } from "./detect.ts";
import { leadTo } from "./fixed_target.ts";
import type { ProxySettings } from "./options.ts";
import type { StartTls } from "../net/chain.ts";
import { mayListInterfaces } from "../net/own_addresses.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { Bans } from "../policy/users/bans.ts";
import { OpenSessions } from "../serve/target/open_sessions.ts";
import { judgeBy } from "../serve/target/judge_session.ts";
import { type RuleBook, Rules } from "../policy/rules/rules.ts";
import { type User, Users } from "../policy/users/users.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import type { HostPort } from "../wire/host_port.ts";
import { warnOfLoops, waysOf } from "../serve/target/find_loops.ts";
import { connectionLimits } from "../serve/limits/connection_counts.ts";
import { addLayers } from "../serve/add_layers.ts";
import { openParents } from "../serve/target/open_parents.ts";
import {
  checkOutgoing,
  type NameConfig,
  openNames,
} from "../serve/target/open_names.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import { openPlaces, type ServerConfig } from "../serve/limits/places.ts";
import { keepLimits } from "../serve/limits/keep_limits.ts";
import {
  askedName,
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Configuration of the proxy: the settings of its options, and what they open. */
export type ProxyConfig = ServerConfig & Omit<ProxySettings, "names"> & {
  /**
   * Who may use it. An empty or missing list means everyone. A `Users` object
   * allows only its users, even if it is empty, and can be replaced later.
   */
  users?: readonly User[] | Users;
  /** Clients that are banned for wrong passwords. */
  bans?: Bans;
  /**
   * Puts the guard on all listeners, as if others could reach them (default
   * false): what runs behind them is not to be trusted.
   */
  guarded?: boolean;
  /** Rules (default none); replaced by assigning `current`. */
  rules?: RuleBook;
  /**
   * Where listeners lead whose clients speak no protocol of a proxy, by their
   * place in `listen` (default: none does).
   */
  targets?: readonly (HostPort | undefined)[];
  /** How to resolve names. */
  names: NameConfig;
  /** Negotiates TLS with upstreams and parents (default: not used). */
  startTls?: StartTls | undefined;
};

/** A running proxy. */
export type Proxy = RunningListeners;

/**
 * Starts a proxy.
 *
 * @throws {UsageError} If it would be open to others without `open`, or usable
 *   by no one.
 * @throws {StartError} If it cannot listen or use its source addresses.
 */
export async function startProxy(config: ProxyConfig): Promise<Proxy> {
  const { host = ALONE, log = host.log, timeouts } = config;
  requireServable(config);
  const places = openPlaces(config, { tellsRefused: true });
  const shared = {
    users: await usersOf(config),
    bans: config.bans ?? new Bans(),
    limits: places.limits,
    timeouts,
    resetRelay: config.resetRelay,
    protocols: new Set(config.protocols),
    udp: udpSettings(config.udp, host),
    resolver: openNames(config.names),
    outgoing: checkOutgoing(config.outgoing),
    sendProxy: config.sendProxy,
    bindTimeout: config.bindTimeout,
    forwardedFor: config.forwardedFor,
    rules: config.rules ?? { current: new Rules() },
    hooks: host.hooks,
    names: await nameCheckOf(config),
    log,
  };
  const { rules, users } = shared;
  const sessions = config.onChange === "cut"
    ? new OpenSessions(judgeBy({ rules, users, tls: config.tls }), log)
    : undefined;
  const { outgoing, resolver } = shared;
  const parents = openParents(config.parents, {
    resolver,
    outgoing,
    timeout: timeouts.connect,
    startTls: config.startTls,
    log,
  });
  const hasUsers = shared.users !== undefined || hasCertificates(config);
  const limits = await keepLimits(config.limits, { hasUsers, host, log });
  const { usage } = limits;
  const protocols = config.listen.map((_, index) => {
    const target = config.targets?.[index];
    return addLayers(config, target === undefined ? detect : leadTo(target));
  });
  const hide: ((() => void) | undefined)[] = [];
  const running = await startListeners(
    config.listen,
    ({ isPublic, name, watch }, index) => {
      const services = {
        ...shared,
        sessions,
        trail: [name],
        parents,
        usage,
        isGuarded: (isPublic || config.guarded === true) &&
          !config.allowPrivate,
        connectionsPerClient: places.perClient(isPublic),
        watch,
      };
      return handlerOf(protocols[index]!, services);
    },
    {
      ...places.listening,
      sessions,
      grace: config.grace,
      kind: "proxy",
      check: (listener, where) => requireConsent(config, listener, where),
      onStop: () => hide.pop()?.(),
      async onEnd() {
        await limits.close();
        resolver[Symbol.dispose]();
      },
    },
  );
  warnOfBlindGuard(config, running, log);
  if (!host.isTrial) {
    const { via } = config.parents;
    const isBypassed = !shared.rules.current.isOpen;
    const ways = waysOf({ via, isBypassed });
    warnOfLoops(running.listeners.map(({ addr }) => ({ addr, ways })), log);
  }
  hide.push(host.registry?.showBans(shared.bans));
  return running;
}

/** Loaded only when it is wanted. */
async function nameCheckOf(
  { checkNames }: ProxyConfig,
): Promise<NameCheck | undefined> {
  if (checkNames === "off") return undefined;
  const { REPORT_NAMES, REQUIRE_NAMES } = await import("./names/check.ts");
  return checkNames === "report" ? REPORT_NAMES : REQUIRE_NAMES;
}

async function usersOf({ users }: ProxyConfig): Promise<Users | undefined> {
  if (users === undefined || users instanceof Users) return users;
  return users.length === 0 ? undefined : await Users.create(users);
}

function countUsers({ users }: ProxyConfig): number {
  if (users === undefined) return 0;
  return users instanceof Users ? users.size : users.length;
}

/** Whether clients can authenticate with a certificate. */
function hasCertificates({ tls }: ProxyConfig): boolean {
  return tls !== undefined && tls.clients !== "anyone";
}

function udpSettings(
  { associations, ...rest }: ProxyConfig["udp"],
  host: ServerHost,
): UdpSettings {
  const limits = host.keep(
    "associations",
    associations,
    (share) => connectionLimits(associations, { what: "associations" }, share),
  );
  return { ...rest, limits };
}

function requireConsent(
  config: ProxyConfig,
  listener: ListenerInfo,
  where: Endpoint,
): void {
  if (!listener.isPublic || config.open || countUsers(config) > 0) return;
  if (config.tls?.clients === "require") return;
  const at = askedName(listener, where);
  throw new UsageError(
    `Refusing to listen on ${at}: anyone who reaches it could use the proxy; give --user NAME:PASSWORD, --users FILE or --tls-client-ca FILE, or --open to allow that`,
    { others: ["user", "users", "tls-client-ca", "open"] },
  );
}

/** SOCKS4 has no password, so it is not served where there are users. */
function requireServable(config: ProxyConfig) {
  const { protocols, users = [] } = config;
  if (!(users instanceof Users) && users.length === 0) return;
  if (hasCertificates(config)) return;
  if (protocols.some((name) => name !== "socks4")) return;
  throw new UsageError(
    "socks4 has no passwords, so no user could log in; add socks5 or http",
    { option: "protocols", others: ["user", "users"] },
  );
}

/** Warns if Deno hides from the guard what it needs to see. */
function warnOfBlindGuard(
  { allowPrivate }: ProxyConfig,
  { listeners }: RunningListeners,
  log: (event: LogEvent) => void,
): void {
  const isGuarded = !allowPrivate && listeners.some(({ isPublic }) => isPublic);
  if (!isGuarded || mayListInterfaces()) return;
  const message =
    "The address guard cannot list this machine's addresses: connections to them close before a byte is sent, but datagrams pass; start Deno with --allow-sys=networkInterfaces";
  log(messageEvent("warning", "guard-incomplete", message));
}
