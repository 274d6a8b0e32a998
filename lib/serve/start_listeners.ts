/**
 * Opens the listeners of a command and serves their connections.
 *
 * @module
 */

import { internalError } from "../observe/internal_error.ts";
import { describeError } from "../observe/describe_error.ts";
import { type Handler, type Listener, serve } from "../net/listen.ts";
import type { ListenerKind, ListenerWatch } from "./listener_watch.ts";
import { ownListeners } from "../net/own_listeners.ts";
import { SOCKET_MODE } from "../net/unix_listener.ts";
import { formatAddr } from "../net/unix_socket.ts";
import { unmapAddr } from "../net/unmap_addr.ts";
import type { OpenSessions } from "./target/open_sessions.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { refusedRange } from "../policy/rules/address_guard.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { type Endpoint, isUnixPath } from "../wire/endpoint.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { openEndpoint } from "./open_listener.ts";
import { ALONE, type OpenEndpoint, type ServerHost } from "./server_host.ts";
import { concerning } from "../cli/usage_error.ts";

/**
 * Milliseconds that new clients have for their request at a shutdown if another
 * process takes over. The shutdown is then not urgent, and a handshake is slow
 * on a busy machine.
 */
const SHARED_GRACE = 10_000;

/** An open listener. */
export interface ListenerInfo {
  /** Its address, with the real port. */
  readonly addr: Deno.NetAddr;
  /** The address as text: `HOST:PORT` or `unix:PATH`. */
  readonly name: string;
  /** Whether other machines can reach it. */
  readonly isPublic: boolean;
  /** Permissions of its file, if it is a Unix socket. */
  readonly mode?: number;
  /** Receives its connections; `undefined` if nothing watches. */
  readonly watch?: ListenerWatch | undefined;
}

/** Running listeners. */
export interface RunningListeners {
  /** The listeners, in the given order. */
  readonly listeners: readonly ListenerInfo[];
  /** Number of open connections. */
  readonly connections: number;
  /**
   * The connections to judge again after a change; `undefined` if they keep
   * their permission.
   */
  readonly sessions?: OpenSessions | undefined;
  /**
   * Stops accepting and lets connections finish.
   *
   * @param deadline Milliseconds until the rest is cut; 0 cuts immediately.
   * @returns How many connections were cut.
   */
  shutdown(deadline: number): Promise<number>;
}

/** Options for {@linkcode startListeners}. */
export interface StartListenersOptions {
  /** Their product, if they are watched. */
  kind?: ListenerKind;
  /** Most simultaneous connections of all listeners together. */
  slots: number;
  /** See {@linkcode RunningListeners.sessions} (default `undefined`). */
  sessions?: OpenSessions | undefined;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** See `makeRoom` of `serve()` (default: no connection can be ended). */
  makeRoom?: () => void;
  /** See `grace` of `serve()` (default 0). */
  grace?: number;
  /**
   * Throws if a listener must not be opened.
   *
   * @param listener The opened listener; it is closed again after a throw.
   * @param where Its configured address.
   */
  check?: (listener: ListenerInfo, where: Endpoint) => void;
  /** Opens a listener (default {@linkcode openEndpoint}). */
  open?: OpenEndpoint;
  /** Most queued connections per listener (default 4,096). */
  backlog?: number | undefined;
  /** The surrounding program (default: none). */
  host?: ServerHost | undefined;
  /** Called when a shutdown begins or the start fails; may be called again. */
  onStop?: () => void;
  /** Called after a shutdown or a failed start; may be called again. */
  onEnd?: () => void | Promise<void>;
  /** Returns the option that configures a listener (default `listen`). */
  optionAt?: (index: number) => string;
}

/**
 * Opens all listeners or none, and serves their connections.
 *
 * @param listen Their addresses; port 0 takes a free port.
 * @param handlerFor Creates the handler of one listener's connections; gets the
 *   listener and its place in the list.
 * @param options Shared settings.
 * @throws {StartError} If one can't be opened.
 * @throws What `options.check` throws.
 */
export async function startListeners(
  listen: readonly Endpoint[],
  handlerFor: (listener: ListenerInfo, index: number) => Handler,
  options: StartListenersOptions,
): Promise<RunningListeners> {
  const { onEnd, onStop } = options;
  try {
    return await start(listen, handlerFor, options);
  } catch (error) {
    onStop?.();
    await onEnd?.();
    throw error;
  }
}

async function start(
  listen: readonly Endpoint[],
  handlerFor: (listener: ListenerInfo, index: number) => Handler,
  options: StartListenersOptions,
): Promise<RunningListeners> {
  const { log, grace = 0, makeRoom = () => {}, onEnd, onStop } = options;
  const opened = await openAll(listen, options);
  const listeners = opened.map(({ info }) => info);
  // A trial only needs to know that they can be opened.
  if (options.host?.isTrial) closeAll(opened.splice(0));
  const leave = opened.map(({ info: { addr } }) => ownListeners.enter(addr));
  const slots = new Semaphore(options.slots);
  const watches = opened.map(({ info }) => watchOf(info, options));
  const servers = opened.map(({ listener, info: seen }, index) => {
    const info = { ...seen, watch: watches[index] };
    const handler = handlerFor(info, index);
    return serve(listener, announcing(handler, info.name, options.host), {
      slots,
      makeRoom,
      grace: listener.isShared ? Math.max(grace, SHARED_GRACE) : grace,
      onAcceptError: (error) => log(acceptFailure(error)),
      onHandlerError: (error) => log(internalError(error)),
    });
  });
  return {
    listeners,
    sessions: options.sessions,
    get connections() {
      return servers.reduce((sum, { connections }) => sum + connections, 0);
    },
    async shutdown(deadline) {
      onStop?.();
      for (const watch of watches.splice(0)) watch?.close();
      for (const forget of leave) forget();
      const cut = await Promise.all(
        servers.map((server) => server.shutdown(deadline)),
      );
      await onEnd?.();
      return cut.reduce((sum, count) => sum + count, 0);
    },
  };
}

/** Calls the program's `onConnection` for each connection, if it is set. */
function announcing(
  handler: Handler,
  listener: string,
  { onConnection }: ServerHost = ALONE,
): Handler {
  if (onConnection === undefined) return handler;
  return (connection, context, draining) => {
    const client = unmapAddr(connection.remoteAddr);
    onConnection(client, listener, (reason) => context.cancel(reason));
    return handler(connection, context, draining);
  };
}

/**
 * Describes who can use a listener.
 *
 * @param clients The accepted clients, for example `anyone` or `2 users`.
 * @returns The text after "Open to" in the banner.
 */
export function openTo(
  clients: string,
  { isPublic, mode }: { isPublic: boolean; mode: number | undefined },
): string {
  const isAnyone = clients === "anyone";
  if (mode !== undefined) {
    const digits = mode.toString(8).padStart(3, "0");
    return `${
      isAnyone ? "programs" : clients
    } that may write to the socket (mode ${digits})`;
  }
  if (isPublic) return isAnyone ? "everyone" : `${clients} from anywhere`;
  return isAnyone ? "local programs" : `${clients} on this machine`;
}

/**
 * Formats the address of a listener for a message: the bound address with the
 * configured port.
 *
 * @param listener The open listener.
 * @param where Its configured address.
 * @returns For example `0.0.0.0:0`.
 */
export function askedName(
  { addr, name }: ListenerInfo,
  where: Endpoint,
): string {
  return isUnixPath(where) ? name : formatHostPort(addr.hostname, where.port);
}

function watchOf(
  { isPublic, name }: ListenerInfo,
  { host, kind }: StartListenersOptions,
): ListenerWatch | undefined {
  if (kind === undefined) return undefined;
  return host?.registry?.listen({ name, kind, isPublic });
}

interface Opened {
  listener: Listener;
  info: ListenerInfo;
}

async function openAll(
  listen: readonly Endpoint[],
  {
    backlog,
    check,
    open = openEndpoint,
    optionAt = () => "listen",
    host = ALONE,
  }: StartListenersOptions,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  try {
    for (const [index, where] of listen.entries()) {
      const option = optionAt(index);
      const listener = await concerning(
        option,
        () => host.open(where, open, backlog, option),
      );
      const addr = listener.addr as Deno.NetAddr;
      const isPublic = !isUnixPath(where) && !isLoopback(addr);
      const info = {
        ...{ addr, name: formatAddr(addr), isPublic },
        ...isUnixPath(where) ? { mode: where.mode ?? SOCKET_MODE } : {},
      };
      opened.push({ listener, info });
      try {
        await concerning(option, () => check?.(info, where));
      } catch (error) {
        host.refuse(error);
      }
    }
  } catch (error) {
    closeAll(opened);
    throw error;
  }
  return opened;
}

function closeAll(opened: readonly Opened[]): void {
  for (const { listener } of opened) listener[Symbol.dispose]();
}

/** Uses the bound address, because a host name could stand for any. */
function isLoopback({ hostname }: Deno.NetAddr): boolean {
  const ip = parseIpAddress(hostname);
  const range = ip === undefined ? undefined : refusedRange(ip);
  return range === "loopback" || range === "loopback (IPv4-mapped)";
}

function acceptFailure(error: unknown): LogEvent {
  const message = `Cannot accept connections for now: ${describeError(error)}`;
  return messageEvent("warning", "accept-paused", message);
}
