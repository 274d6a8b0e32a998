/**
 * Starts a relay: from values to listeners that serve.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import type { ForwardServices } from "./relay.ts";
import { protocolOf } from "./protocol.ts";
import type { ProxyVersion } from "../serve/proxy_header.ts";
import type { Timeouts } from "../serve/connection_services.ts";
import { ServerNames } from "./sni.ts";
import { Upstream, type UpstreamServices } from "./upstream.ts";
import { Upstreams, type UpstreamsOptions } from "./upstreams.ts";
import type { StartTls } from "../net/chain.ts";
import type { Handler } from "../net/listen.ts";
import type { OutgoingAddresses } from "../net/outgoing.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { PoolOptions } from "../net/pool/pool.ts";
import type { PoolFigures } from "../net/pool/figures.ts";
import type { ResetRelay } from "../net/reset_relay.ts";
import {
  UpstreamHealth,
  type UpstreamHealthOptions,
} from "../policy/limits/upstream_health.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { type RuleBook, Rules } from "../policy/rules/rules.ts";
import { judgeBy } from "../serve/target/judge_session.ts";
import { OpenSessions } from "../serve/target/open_sessions.ts";
import type { OnChange } from "../serve/options/rules.ts";
import { warnOfLoops } from "../serve/target/find_loops.ts";
import type { AgreedProtocols } from "../serve/options/alpn.ts";
import { connectionCapacity } from "../net/system/descriptors.ts";
import { requireFitting } from "./fitting.ts";
import type { Route, UpstreamConfig } from "../serve/target/route.ts";
import { passagesOf, requireNotItself } from "./loops.ts";
import { healthChange } from "../serve/health_change.ts";
import type { LayersConfig } from "../serve/add_layers.ts";
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
import { ALONE } from "../serve/server_host.ts";
import { openPlaces, type ServerConfig } from "../serve/limits/places.ts";
import { keepLimits } from "../serve/limits/keep_limits.ts";
import {
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";
import { TIMEOUTS } from "../serve/options/timeouts.ts";
import { UsageError } from "../cli/usage_error.ts";
import type { ThreadInfo } from "../serve/worker_share.ts";

/** Configuration of the relay. */
export interface ForwardConfig extends ServerConfig, LayersConfig {
  /** Listeners and their upstreams. */
  routes: readonly Route[];
  /** Upstreams by the TLS server name that a client requests. */
  serverNames?: ReadonlyMap<string, readonly UpstreamConfig[]>;
  /** How the pool gets its connections (default: no pool). */
  pool?: PoolOptions;
  /**
   * Milliseconds of silence until a connection is free for the next client
   * (default 50).
   */
  poolSettle?: number;
  /** How to choose and check one of several upstreams. */
  balance?: UpstreamsOptions;
  /** When an upstream goes down and comes up again. */
  health?: UpstreamHealthOptions;
  /** Who may come (default: everyone); replaced by assigning `current`. */
  rules?: RuleBook;
  /** What becomes of tunnels that are refused now (default `keep`). */
  onChange?: OnChange;
  /**
   * PROXY header that sends the client's address to upstreams (default none).
   */
  sendProxy?: ProxyVersion | undefined;
  /**
   * Protocols to negotiate by ALPN, the same that the TLS was opened with, or
   * `upstream` (default none).
   */
  protocols?: AgreedProtocols | undefined;
  /** How to resolve names. */
  names?: NameConfig;
  /** Source addresses (default: the system chooses). */
  outgoing?: OutgoingAddresses;
  /** Limits (default none); see {@linkcode LimitConfig}. */
  limits?: LimitConfig;
  /** Time limits in milliseconds that differ from the defaults. */
  timeouts?: Partial<Timeouts>;
  /** Which ends of a tunnel are relayed as a reset (default `on`). */
  resetRelay?: ResetRelay;
  /** Other proxies to go through (default: none). */
  parents?: ParentConfig;
  /** Negotiates TLS with upstreams and parents (default: not used). */
  startTls?: StartTls | undefined;
  /**
   * Milliseconds that a client accepted just before a shutdown has to send its
   * request (default 1,000): so a rolling restart goes unnoticed.
   */
  grace?: number;
}

/** A running relay. */
export interface RunningRelay extends RunningListeners {
  /** Figures of the pool of each upstream, by its name. */
  readonly pools:
    readonly (readonly [upstream: string, figures: PoolFigures])[];
}

/**
 * Starts a relay.
 *
 * @returns The running relay.
 * @throws {UsageError} If settings conflict.
 * @throws {StartError} If it can't listen.
 */
export async function startForward(
  config: ForwardConfig,
): Promise<RunningRelay> {
  requireFitting(config);
  const { host = ALONE, log = host.log } = config;
  const places = openPlaces(config, { besides: requireRoom(config) });
  const resolver = openNames(config.names);
  const timeouts = { ...TIMEOUTS, ...config.timeouts };
  const groups: Upstreams[] = [];
  const limits = await keepLimits(config.limits ?? {}, {
    ...{ hasUsers: false, host, log },
  });
  const outgoing = checkOutgoing(config.outgoing ?? {});
  const timeout = timeouts.connect;
  const shared: UpstreamServices = {
    resolver,
    outgoing,
    parents: openParents(config.parents ?? {}, {
      resolver,
      outgoing,
      timeout,
      startTls: config.startTls,
      log,
    })?.find(undefined),
    startTls: config.startTls,
    connectTimeout: timeout,
    sendProxy: config.sendProxy,
    passesProtocols: config.protocols !== undefined,
    pool: poolOf(config.pool ?? {}, host.thread),
    onHealth: (upstream, why) => log(healthChange("Upstream", upstream, why)),
  };
  const hide: ((() => void) | undefined)[] = [];
  const open = (
    configs: readonly UpstreamConfig[],
    listener: string,
    trail: Trail = [listener],
  ): Upstreams => {
    const upstreams = openUpstreams(configs, trail, config, shared);
    groups.push(upstreams);
    for (const upstream of upstreams.all) {
      hide.push(host.registry?.showUpstream({ listener, upstream }));
    }
    return upstreams;
  };
  const byName = [...config.serverNames ?? []];
  /** All listeners lead there; their names are known once they are open. */
  const all: string[] = [];
  const byServerName = new ServerNames(
    byName.map(([name, configs]) => [name, open(configs, name, all)] as const),
  );
  const protocol = protocolOf(config);
  const sessions = sessionsOf(config, log);
  const handlerFor = (
    { isPublic, name, watch }: ListenerInfo,
    index: number,
  ): Handler => {
    all.push(name);
    const { upstreams: configs } = config.routes[index]!;
    const upstreams = configs.length === 0 ? undefined : open(configs, name);
    const services: ForwardServices = {
      upstreams,
      byServerName,
      poolMode: config.pool?.mode ?? "off",
      serverSpeaksFirst: config.pool?.serverSpeaksFirst ?? false,
      poolSettle: config.poolSettle ?? 50,
      rules: config.rules,
      sessions,
      sendProxy: config.sendProxy,
      limits: places.limits,
      connectionsPerClient: places.perClient(isPublic),
      usage: limits.usage,
      timeouts,
      resetRelay: config.resetRelay ?? "on",
      log,
      watch,
      trail: [name],
    };
    return handlerOf(protocol, services);
  };
  const running = await startListeners(
    config.routes.map(({ listen }) => listen),
    handlerFor,
    {
      ...places.listening,
      grace: config.grace ?? 1_000,
      kind: "forward",
      optionAt: () => "routes",
      check: (listener, where) => requireNotItself(config, listener, where),
      onStop() {
        for (const group of groups) group.drain();
        for (const end of hide) end?.();
      },
      async onEnd() {
        await limits.close();
        resolver[Symbol.dispose]();
      },
    },
  );
  if (!host.isTrial) warnOfLoops(passagesOf(config, running.listeners), log);
  return {
    listeners: running.listeners,
    get connections() {
      return running.connections;
    },
    get pools() {
      return groups.flatMap(({ all }) =>
        all.map(({ name, pool }) => [name, pool.figures] as const)
      );
    },
    sessions,
    shutdown: (deadline) => running.shutdown(deadline),
  };
}

function sessionsOf(
  { onChange, rules = { current: new Rules() }, tls }: ForwardConfig,
  log: (event: LogEvent) => void,
): OpenSessions | undefined {
  if (onChange !== "cut") return undefined;
  return new OpenSessions(judgeBy({ rules, users: undefined, tls }), log);
}

function openUpstreams(
  configs: readonly UpstreamConfig[],
  trail: Trail,
  { balance, health }: ForwardConfig,
  shared: UpstreamServices,
): Upstreams {
  const isChecked = (balance?.checkInterval ?? 0) > 0;
  // The only upstream is always tried: its failure is the answer.
  const isAlone = configs.length === 1;
  const retryAfter = isChecked ? Infinity : isAlone ? 0 : health?.retryAfter;
  const all = configs.map((settings) =>
    new Upstream({
      ...settings,
      trail,
      health: new UpstreamHealth({
        ...health,
        ...retryAfter === undefined ? {} : { retryAfter },
      }),
    }, shared)
  );
  return new Upstreams(all, balance);
}

/** Each thread has its own pool; together they have the configured size. */
function poolOf(pool: PoolOptions, thread: ThreadInfo | undefined) {
  const { mode = "off", size = 0 } = pool;
  if (thread === undefined || mode === "off") return pool;
  const { count, index } = thread;
  if (size < count) {
    throw new UsageError(
      `${size} is less than one for each of --workers ${count}; give ${count} or more`,
      { option: "pool-size", others: ["workers"] },
    );
  }
  const own = Math.floor(size / count) + (index < size % count ? 1 : 0);
  return { ...pool, size: own };
}

/** Returns how many descriptors the pools may take. */
function requireRoom(
  { pool, routes, serverNames = new Map() }: ForwardConfig,
): number {
  const { size = 0 } = pool ?? {};
  const lists = [
    ...routes.map(({ upstreams }) => upstreams),
    ...serverNames.values(),
  ];
  const parked = size * lists.flat().length;
  if (parked < connectionCapacity(1)) return parked;
  throw new UsageError(
    `${size} is more than the limit of file descriptors has room for; give less, or raise the limit (ulimit -n)`,
    { option: "pool-size" },
  );
}
