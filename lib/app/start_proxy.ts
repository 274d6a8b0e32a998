/**
 * Starts the proxy: from values to listeners that serve.
 *
 * @module
 */

import { handleConnection } from "../handlers/connection.ts";
import { describeError } from "../handlers/describe_error.ts";
import {
  type ProtocolName,
  PROTOCOLS,
  type Services,
  type Timeouts,
  type UdpSettings,
} from "../handlers/services.ts";
import { detect } from "../handlers/detect.ts";
import { serve, type Server } from "../net/listen.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { refusedRange } from "../policy/address_guard.ts";
import { ConnectionLimits } from "../policy/connection_limits.ts";
import { type User, Users } from "../policy/users.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { connectionCapacity } from "./descriptors.ts";
import { openListener } from "./open_listener.ts";
import { UsageError } from "./usage_error.ts";

/** What the proxy is to be. */
export interface ProxyConfig {
  /** Where to listen; port 0 takes a free one. */
  listen: readonly HostPort[];
  /** Who may use it; nobody listed is everyone. */
  users?: readonly User[];
  /** Lets everyone use it although others can reach it (default false). */
  open?: boolean;
  /** Lifts the guard of listeners that others can reach (default false). */
  allowPrivate?: boolean;
  /** Time limits in milliseconds, where they differ from the defaults. */
  timeouts?: Partial<Timeouts>;
  /** What clients may speak (default: everything). */
  protocols?: readonly ProtocolName[];
  /** How UDP is relayed, where it differs from the defaults. */
  udp?: Partial<Omit<UdpSettings, "limits">> & { associations?: number };
  /** Milliseconds that BIND waits for its peer (default 60,000). */
  bindTimeout?: number;
  /** Tells targets of HTTP requests the client's address (default false). */
  forwardedFor?: boolean;
  /** Connections at once (default 20,000). */
  maxConnections?: number;
  /**
   * Connections at once from one client; 0 is no limit (default 1,000, and 0 on
   * a listener that only this machine can reach).
   */
  maxConnectionsPerClient?: number | undefined;
  /** Takes what there is to log (default: nothing is logged). */
  log?: (event: LogEvent) => void;
}

/** A listener of a running proxy. */
export interface ProxyListener {
  /** Where it listens, with the real port. */
  readonly addr: Deno.NetAddr;
  /** Whether others than this machine can reach it. */
  readonly isPublic: boolean;
}

/** A proxy that is running. */
export interface Proxy {
  /** Its listeners, in the order of the configuration. */
  readonly listeners: readonly ProxyListener[];
  /** Connections that are open. */
  readonly connections: number;
  /**
   * Stops accepting and lets tunnels finish.
   *
   * @param deadline Milliseconds until those left are cut; 0 is at once.
   * @returns How many connections were cut.
   */
  shutdown(deadline: number): Promise<number>;
}

/** The time limits of DESIGN's table, in milliseconds. */
const TIMEOUTS: Timeouts = {
  handshake: 10_000,
  connect: 10_000,
  idle: 600_000,
  halfClose: 30_000,
};

/** Settings of UDP where nothing else is said; see {@linkcode UdpSettings}. */
const UDP = {
  advertise: undefined,
  ports: undefined,
  idleTimeout: 120_000,
  perClient: 64,
  associations: 1_000,
} as const;

/**
 * Connections beyond the limit that may still be told so; after that many,
 * the next ones wait in the backlog.
 */
const REFUSING = 128;

/**
 * Starts a proxy.
 *
 * @param config What it is to be.
 * @returns The running proxy.
 * @throws {UsageError} If others could use it and that was not said.
 * @throws {StartError} If it can't listen.
 */
export async function startProxy(config: ProxyConfig): Promise<Proxy> {
  const { users = [], maxConnections = 20_000, log = () => {} } = config;
  const capacity = connectionCapacity();
  const most = Math.min(maxConnections, capacity);
  const shared = {
    users: users.length === 0 ? undefined : await Users.create(users),
    limits: new ConnectionLimits(most),
    timeouts: { ...TIMEOUTS, ...config.timeouts },
    protocols: new Set(config.protocols ?? PROTOCOLS),
    udp: udpSettings(config.udp),
    bindTimeout: config.bindTimeout ?? 60_000,
    forwardedFor: config.forwardedFor ?? false,
    log,
  };
  const listeners = openAll(config);
  const slots = new Semaphore(Math.min(maxConnections + REFUSING, capacity));
  const servers = listeners.map(({ listener, isPublic }) => {
    const services: Services = { ...shared, ...guards(config, isPublic) };
    return serve(
      listener,
      (connection, context, draining) =>
        handleConnection(connection, context, draining, detect, services),
      {
        slots,
        onAcceptError: (error) => log(acceptFailure(error)),
        onHandlerError: (error) => log(handlerFailure(error)),
      },
    );
  });
  return {
    listeners: listeners.map(({ listener, isPublic }) => ({
      addr: listener.addr as Deno.NetAddr,
      isPublic,
    })),
    get connections() {
      return servers.reduce((sum, { connections }) => sum + connections, 0);
    },
    shutdown: (deadline) => shutdownAll(servers, deadline),
  };
}

function udpSettings(given: ProxyConfig["udp"]): UdpSettings {
  const { associations, ...rest } = { ...UDP, ...given };
  return {
    ...rest,
    limits: new ConnectionLimits(associations, "associations"),
  };
}

interface Opened {
  listener: Deno.TcpListener;
  isPublic: boolean;
}

/** Opens all listeners or none. */
function openAll(config: ProxyConfig): Opened[] {
  const opened: Opened[] = [];
  try {
    for (const where of config.listen) {
      const listener = openListener(where);
      const isPublic = !isLoopback(listener.addr as Deno.NetAddr);
      opened.push({ listener, isPublic });
      const { hostname } = listener.addr as Deno.NetAddr;
      if (isPublic) {
        requireConsent(config, { host: hostname, port: where.port });
      }
    }
  } catch (error) {
    for (const { listener } of opened) listener.close();
    throw error;
  }
  return opened;
}

/** Judged by the address that was bound: a name may stand for any. */
function isLoopback({ hostname }: Deno.NetAddr): boolean {
  const ip = parseIpAddress(hostname);
  const range = ip === undefined ? undefined : refusedRange(ip);
  return range === "loopback" || range === "loopback (IPv4-mapped)";
}

function requireConsent(config: ProxyConfig, { host, port }: HostPort): void {
  if (config.open || (config.users?.length ?? 0) > 0) return;
  const at = formatHostPort(host, port);
  throw new UsageError(
    `Refusing to listen on ${at}: whoever reaches it could use the proxy; give --user NAME:PASSWORD, or --open to allow that`,
  );
}

/** What is allowed on a listener depends on who can reach it. */
function guards(
  config: ProxyConfig,
  isPublic: boolean,
): Pick<Services, "refuseAddress" | "connectionsPerClient"> {
  const isGuarded = isPublic && !config.allowPrivate;
  return {
    refuseAddress: isGuarded ? refusedRange : () => undefined,
    connectionsPerClient: config.maxConnectionsPerClient ??
      (isPublic ? 1_000 : 0),
  };
}

function acceptFailure(error: unknown): LogEvent {
  return {
    event: "message",
    level: "warning",
    message: `Cannot accept connections for now: ${describeError(error)}`,
  };
}

/** A mistake of ours; without the stack, which Deno can't make when it is out of descriptors. */
function handlerFailure(error: unknown): LogEvent {
  return {
    event: "message",
    level: "error",
    message: `Internal error: ${describeError(error)}`,
  };
}

async function shutdownAll(
  servers: readonly Server[],
  deadline: number,
): Promise<number> {
  const cut = await Promise.all(
    servers.map((server) => server.shutdown(deadline)),
  );
  return cut.reduce((sum, count) => sum + count, 0);
}
