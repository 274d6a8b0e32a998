/**
 * Starts a relay: from values to listeners that serve.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import type { ForwardServices } from "./relay.ts";
import { protocolOf } from "./protocol.ts";
import { ServerNames } from "./sni.ts";
import { Upstream, type UpstreamServices } from "./upstream.ts";
import { Upstreams } from "./upstreams.ts";
import type { StartTls } from "../net/chain.ts";
import type { Handler } from "../net/listen.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { PoolOptions } from "../net/pool/pool.ts";
import type { PoolFigures } from "../net/pool/figures.ts";
import { UpstreamHealth } from "../policy/limits/upstream_health.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { type RuleBook, Rules } from "../policy/rules/rules.ts";
import { judgeBy } from "../serve/target/judge_session.ts";
import { OpenSessions } from "../serve/target/open_sessions.ts";
import { warnOfLoops } from "../serve/target/find_loops.ts";
import { connectionCapacity } from "../net/system/descriptors.ts";
import { requireFitting } from "./fitting.ts";
import type { ForwardSettings } from "./options.ts";
import { upstreamsIn } from "./routes.ts";
import type { UpstreamConfig } from "../serve/target/route.ts";
import { passagesOf, requireNotItself } from "./loops.ts";
import { healthChange } from "../serve/health_change.ts";
import { openParents } from "../serve/target/open_parents.ts";
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
import { UsageError } from "../cli/usage_error.ts";
import type { ThreadInfo } from "../serve/worker_share.ts";

/** Configuration of the relay. */
export type ForwardConfig = ServerConfig & ForwardSettings & {
  /** Who may come (default: everyone); replaced by assigning `current`. */
  rules?: RuleBook;
  /** How to resolve names. */
  names: NameConfig;
  /** Negotiates TLS with upstreams and parents (default: not used). */
  startTls?: StartTls | undefined;
};

/** A running relay. */
export interface RunningRelay extends RunningListeners {
  /** Figures of the pool of each upstream, by its name. */
  pools(): [upstream: string, figures: PoolFigures][];
}

/**
 * Starts a relay.
 *
 * @throws {UsageError} If settings conflict.
 * @throws {StartError} If it can't listen.
 */
export async function startForward(
  config: ForwardConfig,
): Promise<RunningRelay> {
  requireFitting(config);
  const { host = ALONE, log = host.log, pool, startTls, timeouts } = config;
  const places = openPlaces(config, { besides: requireRoom(config) });
  const resolver = openNames(config.names);
  const groups: Upstreams[] = [];
  const limits = await keepLimits(config.limits, {
    ...{ hasUsers: false, host, log },
  });
  const outgoing = checkOutgoing(config.outgoing);
  const timeout = timeouts.connect;
  const shared: UpstreamServices = {
    resolver,
    outgoing,
    parents: openParents(config.parents, {
      resolver,
      outgoing,
      timeout,
      startTls,
      log,
    })?.find(undefined),
    startTls,
    connectTimeout: timeout,
    sendProxy: config.sendProxy,
    passesProtocols: config.protocols !== undefined,
    pool: poolOf(pool, host.thread),
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
  const byName = [...config.serverNames];
  /** All listeners lead there; their names are known once they are open. */
  const all: string[] = [];
  const byServerName = new ServerNames(
    byName.map(([name, configs]) => [name, open(configs, name, all)] as const),
  );
  const protocol = protocolOf(config, config.rules);
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
      poolMode: pool.mode,
      serverSpeaksFirst: pool.serverSpeaksFirst,
      poolSettle: config.poolSettle,
      rules: config.rules,
      sessions,
      sendProxy: config.sendProxy,
      limits: places.limits,
      connectionsPerClient: places.perClient(isPublic),
      usage: limits.usage,
      timeouts,
      resetRelay: config.resetRelay,
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
      grace: config.grace,
      kind: "forward",
      optionAt: () => "routes",
      check: (listener, where) => requireNotItself(config, listener, where),
      onStop() {
        for (const group of groups) group[Symbol.dispose]();
        for (const end of hide) end?.();
      },
      async onEnd() {
        await limits.close();
        resolver[Symbol.dispose]();
      },
    },
  );
  if (!host.isTrial) warnOfLoops(passagesOf(config, running.listeners), log);
  return Object.assign(running, {
    sessions,
    pools: () =>
      groups.flatMap(({ all }) => all)
        .map(({ name, pool }): [string, PoolFigures] => [name, pool.figures]),
  });
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
  const isChecked = balance.checkInterval > 0;
  // The only upstream is always tried: its failure is the answer.
  const isAlone = configs.length === 1;
  const retryAfter = isChecked ? Infinity : isAlone ? 0 : health.retryAfter;
  const all = configs.map((settings) =>
    new Upstream({
      ...settings,
      trail,
      health: new UpstreamHealth({ ...health, retryAfter }),
    }, shared)
  );
  return new Upstreams(all, balance);
}

/** Each thread has its own pool; together they have the configured size. */
function poolOf(
  pool: ForwardSettings["pool"],
  thread: ThreadInfo | undefined,
): PoolOptions {
  const { mode, size } = pool;
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
  { pool: { size }, routes, serverNames }: ForwardSettings,
): number {
  const parked = size * upstreamsIn(routes, serverNames).length;
  if (parked < connectionCapacity(1)) return parked;
  throw new UsageError(
    `${size} is more than the limit of file descriptors has room for; give less, or raise the limit (ulimit -n)`,
    { option: "pool-size" },
  );
}
