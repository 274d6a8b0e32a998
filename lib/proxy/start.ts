/**
 * Starts the proxy: from values to listeners that serve.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import type { Timeouts } from "../serve/connection_services.ts";
import {
  type ProtocolName,
  PROTOCOLS,
  type UdpSettings,
} from "../serve/services.ts";
import { detect } from "./detect.ts";
import { leadTo } from "./fixed_target.ts";
import type { ProxyVersion } from "../serve/proxy_header.ts";
import type { StartTls } from "../net/chain.ts";
import type { OutgoingAddresses } from "../net/outgoing.ts";
import type { ResetRelay } from "../net/reset_relay.ts";
import { mayListInterfaces } from "../net/own_addresses.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { Bans } from "../policy/users/bans.ts";
import { type RuleBook, Rules } from "../policy/rules/rules.ts";
import { type User, Users } from "../policy/users/users.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import type { HostPort } from "../wire/host_port.ts";
import { warnOfLoops, waysOf } from "../serve/target/certain_loops.ts";
import { connectionLimits } from "../serve/limits/connection_counts.ts";
import { type FrontConfig, inFront } from "../serve/in_front.ts";
import type { LimitConfig } from "../serve/limits/open.ts";
import {
  openParents,
  type ParentConfig,
} from "../serve/target/open_parents.ts";
import {
  checkOutgoing,
  type NameConfig,
  openNames,
} from "../serve/target/open_names.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import { openPlaces, type ServerConfig } from "../serve/limits/places.ts";
import { shareLimits } from "../serve/limits/shared_limits.ts";
import {
  askedName,
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";
import { TIMEOUTS } from "../serve/options/timeouts.ts";
import { UsageError } from "../cli/usage_error.ts";

/** What the proxy is to be. */
export interface ProxyConfig extends ServerConfig, FrontConfig {
  /** Where to listen; port 0 takes a free one. */
  listen: readonly Endpoint[];
  /**
   * Who may use it. An empty list, or none, is everyone; `Users` are the only
   * ones also while they are none, and can be replaced later.
   */
  users?: readonly User[] | Users;
  /** Who is told nothing for a while because of wrong passwords. */
  bans?: Bans;
  /** Lets everyone use it although others can reach it (default false). */
  open?: boolean;
  /** Lifts the guard of listeners that others can reach (default false). */
  allowPrivate?: boolean;
  /**
   * Puts the guard on all listeners, as if others could reach them (default
   * false): what runs behind them is not to be trusted.
   */
  guarded?: boolean;
  /** Who may go where (default: no rules); replaced by assigning `current`. */
  rules?: RuleBook;
  /** Time limits in milliseconds, where they differ from the defaults. */
  timeouts?: Partial<Timeouts>;
  /** What of a tunnel reaches its other end as a reset (default `on`). */
  resetRelay?: ResetRelay;
  /** What clients may speak (default: everything). */
  protocols?: readonly ProtocolName[];
  /**
   * Where listeners lead whose clients speak no protocol of a proxy, by their
   * place in `listen` (default: none does).
   */
  targets?: readonly (HostPort | undefined)[];
  /** How UDP is relayed, where it differs from the defaults. */
  udp?: Partial<Omit<UdpSettings, "limits">> & { associations?: number };
  /** How names are resolved, where it differs from the defaults. */
  names?: NameConfig;
  /** Addresses that connections leave from (default: the system chooses). */
  outgoing?: OutgoingAddresses;
  /** Milliseconds that BIND waits for its peer (default 60,000). */
  bindTimeout?: number;
  /** Tells targets of HTTP requests the client's address (default false). */
  forwardedFor?: boolean;
  /** Limits that are off unless asked for. */
  limits?: LimitConfig;
  /** Other proxies to go through (default: none). */
  parents?: ParentConfig;
  /** Agrees on TLS with what is connected to by it (default: nothing is). */
  startTls?: StartTls | undefined;
  /** What tells targets who the client is (default: nothing). */
  sendProxy?: ProxyVersion | undefined;
  /**
   * Milliseconds that who came just before a shutdown has to say what it wants
   * (default 1,000): in a rolling restart nobody notices which process it was.
   */
  grace?: number;
}

/** A proxy that is running. */
export type Proxy = RunningListeners;

/** Settings of UDP where nothing else is said; see {@linkcode UdpSettings}. */
const UDP = {
  advertise: undefined,
  ports: undefined,
  idleTimeout: 120_000,
  perClient: 64,
  associations: 1_000,
} as const;

/**
 * Starts a proxy.
 *
 * @param config What it is to be.
 * @returns The running proxy.
 * @throws {UsageError} If others could use it and that was not said, or nobody
 *   could.
 * @throws {StartError} If it can't listen, or leave from where it has to.
 */
export async function startProxy(config: ProxyConfig): Promise<Proxy> {
  const { host = ALONE, log = host.log } = config;
  requireServable(config);
  const places = openPlaces(config, { tellsRefused: true });
  const shared = {
    users: await usersOf(config),
    bans: config.bans ?? new Bans(),
    limits: places.limits,
    timeouts: { ...TIMEOUTS, ...config.timeouts },
    resetRelay: config.resetRelay ?? "on",
    protocols: new Set(config.protocols ?? PROTOCOLS),
    udp: udpSettings(config.udp, host),
    resolver: openNames(config.names),
    outgoing: checkOutgoing(config.outgoing ?? {}),
    sendProxy: config.sendProxy,
    bindTimeout: config.bindTimeout ?? 60_000,
    forwardedFor: config.forwardedFor ?? false,
    rules: config.rules ?? { current: new Rules() },
    log,
  };
  const { outgoing, resolver, timeouts } = shared;
  const parents = openParents(config.parents ?? {}, {
    resolver,
    outgoing,
    timeout: timeouts.connect,
    startTls: config.startTls,
    log,
  });
  const hasUsers = shared.users !== undefined || hasCertificates(config);
  const limits = await shareLimits(config.limits ?? {}, {
    ...{ hasUsers, host, log },
  });
  const { usage } = limits;
  const protocols = config.listen.map((_, index) => {
    const target = config.targets?.[index];
    return inFront(config, target === undefined ? detect : leadTo(target));
  });
  const hide: ((() => void) | undefined)[] = [];
  const running = await startListeners(
    config.listen,
    ({ isPublic, name, watch }, index) => {
      const services = {
        ...shared,
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
      grace: config.grace ?? 1_000,
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
    const { via } = config.parents ?? {};
    const isBypassed = !shared.rules.current.isOpen;
    const ways = waysOf({ via, isBypassed });
    warnOfLoops(running.listeners.map(({ addr }) => ({ addr, ways })), log);
  }
  hide.push(host.registry?.showBans(shared.bans));
  return running;
}

async function usersOf({ users }: ProxyConfig): Promise<Users | undefined> {
  if (users === undefined || users instanceof Users) return users;
  return users.length === 0 ? undefined : await Users.create(users);
}

function countUsers({ users }: ProxyConfig): number {
  if (users === undefined) return 0;
  return users instanceof Users ? users.size : users.length;
}

/** Whether clients can prove by a certificate who they are. */
function hasCertificates({ tls }: ProxyConfig): boolean {
  return tls !== undefined && tls.clients !== "anyone";
}

function udpSettings(
  given: ProxyConfig["udp"],
  host: ServerHost,
): UdpSettings {
  const { associations, ...rest } = { ...UDP, ...given };
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
    `Refusing to listen on ${at}: whoever reaches it could use the proxy; give --user NAME:PASSWORD, --users FILE or --tls-client-ca FILE, or --open to allow that`,
    { others: ["user", "users", "tls-client-ca", "open"] },
  );
}

/** SOCKS4 has no password, so it is not served where there are users. */
function requireServable(config: ProxyConfig) {
  const { protocols = PROTOCOLS, users = [] } = config;
  if (!(users instanceof Users) && users.length === 0) return;
  if (hasCertificates(config)) return;
  if (protocols.some((name) => name !== "socks4")) return;
  throw new UsageError(
    "with users nobody could use socks4, which has no password; add socks5 or http",
    { option: "protocols", others: ["user", "users"] },
  );
}

/** The guard goes without what Deno does not let it see. */
function warnOfBlindGuard(
  { allowPrivate }: ProxyConfig,
  { listeners }: RunningListeners,
  log: (event: LogEvent) => void,
): void {
  const isGuarded = !allowPrivate && listeners.some(({ isPublic }) => isPublic);
  if (!isGuarded || mayListInterfaces()) return;
  log({
    event: "message",
    level: "warning",
    message:
      "The address guard does not know this machine's addresses: a connection to one is closed before a byte is sent, datagrams get through; start Deno with --allow-sys=networkInterfaces",
  });
}
