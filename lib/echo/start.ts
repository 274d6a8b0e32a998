/**
 * Starts the echo server.
 *
 * @module
 */

import { handlerOf, type Protocol } from "../serve/connection.ts";
import { echo, type EchoMode } from "./echo.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";
import type { ECHO_OPTIONS } from "./options.ts";
import { answerDatagrams, type UdpEcho } from "./udp_echo.ts";
import { prepareCLibrary } from "../net/system/c_library.ts";
import type { Connection } from "../net/connection.ts";
import { explainError } from "../observe/explain_error.ts";
import { LINGER } from "../net/linger.ts";
import type { Handler, Listener } from "../net/listen.ts";
import { canReset, resetSocket } from "../net/system/reset_socket.ts";
import {
  listenResettable,
  ResettableConnection,
} from "../net/resettable_listener.ts";
import { openUdp } from "../net/udp/datagram_socket.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { type Endpoint, isUnixPath } from "../wire/endpoint.ts";
import { addLayers, type LayersConfig } from "../serve/add_layers.ts";
import { openEndpoint } from "../serve/open_listener.ts";
import { ALONE } from "../serve/server_host.ts";
import { openPlaces, type ServerConfig } from "../serve/limits/places.ts";
import {
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";
import type { SettingsOf } from "../cli/settings.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** Configuration of the server. Its listener may take port 0, a free one. */
export type EchoConfig =
  & ServerConfig
  & Pick<LayersConfig, "tls">
  & SettingsOf<typeof ECHO_OPTIONS>
  & { mode: EchoMode };

/**
 * Starts an echo server.
 *
 * @throws {UsageError} If others could trigger datagrams and `open` is not set,
 *   or an option does not work with a Unix socket.
 * @throws {StartError} If the server cannot listen.
 */
export async function startEcho(config: EchoConfig): Promise<RunningListeners> {
  const { host = ALONE, log = host.log } = config;
  const places = openPlaces(config);
  const hasOwnListener = config.resetAfter !== undefined && !mayReset();
  if (host.thread !== undefined && hasOwnListener) {
    throw new UsageError(
      "cannot be combined with --workers here: where Deno has no --allow-ffi, and on other systems than Linux, one thread has a listener for it",
      { option: "reset-after", others: ["workers"] },
    );
  }
  if (isUnixPath(config.listen)) requireStream(config);
  const running = await startListeners(
    [config.listen],
    ({ isPublic, watch }) => {
      const services: ConnectionServices = {
        limits: places.limits,
        connectionsPerClient: places.perClient(isPublic),
        timeouts: {
          handshake: config.handshakeTimeout,
          connect: 0,
          idle: config.idleTimeout,
          halfClose: 0,
        },
        log,
        watch,
      };
      return handlerFor(config, services);
    },
    {
      ...places.listening,
      kind: "echo",
      ...(hasOwnListener ? { open: openResettable } : {}),
      check: ({ addr, isPublic }) => requireConsent(config, addr, isPublic),
    },
  );
  // Datagrams share one socket, which the first thread answers.
  const isFirst = (host.thread?.index ?? 0) === 0;
  if (!config.udp || host.isTrial || !isFirst) return running;
  return withDatagrams(running, config, log);
}

function handlerFor(
  config: EchoConfig,
  services: ConnectionServices,
): Handler {
  const { mode, delay, chunk = Infinity, closeAfter, resetAfter } = config;
  const limit = closeAfter ?? resetAfter ?? Infinity;
  const settings = { mode, delay, chunk, limit };
  const handle = (protocol: Protocol) =>
    handlerOf(addLayers(config, protocol), services);
  if (resetAfter === undefined) return handle(echo(settings));
  // Under TLS the underlying socket is reset too.
  return (connection, ...rest) => {
    const protocol = echo({ ...settings, reset: () => reset(connection) });
    return handle(protocol)(connection, ...rest);
  };
}

/** Loads what resets need, while the server still has the permission. */
function mayReset(): boolean {
  prepareCLibrary();
  return canReset();
}

async function reset(connection: Connection): Promise<void> {
  if (connection instanceof ResettableConnection) return connection.reset();
  await resetSocket(connection, LINGER.idle)?.done;
  connection.close();
}

function requireStream({ resetAfter, udp }: EchoConfig): void {
  if (udp) {
    throw new UsageError(
      "cannot be combined with a Unix socket: datagrams need a port; give HOST:PORT",
      { option: "udp" },
    );
  }
  if (resetAfter === undefined) return;
  throw new UsageError(
    "cannot be combined with a Unix socket, which knows no reset; give HOST:PORT, or --close-after",
    { option: "reset-after" },
  );
}

/** Opens the port in the usual way first, to get its errors and its number. */
async function openResettable(
  where: Endpoint,
  backlog?: number,
): Promise<Listener> {
  const first = await openEndpoint(where);
  const { hostname, port } = first.addr as Deno.NetAddr;
  first[Symbol.dispose]();
  try {
    return await listenResettable(hostname, port, backlog);
  } catch (error) {
    const at = formatHostPort(hostname, port);
    const why = explainError(error);
    throw new StartError(`Cannot listen on ${at}: ${why}`, { cause: error });
  }
}

/**
 * Nobody can forge a sender over TCP. Over UDP it is possible, and every answer
 * then goes to a victim who never asked.
 */
function requireConsent(
  { udp, open }: EchoConfig,
  { hostname, port }: Deno.NetAddr,
  isPublic: boolean,
): void {
  if (!udp || !isPublic || open) return;
  throw new UsageError(
    `Refusing to answer datagrams on ${
      formatHostPort(hostname, port)
    }: anyone who reaches it could make Sluice send answers to others; give --open to allow that`,
    { others: ["udp", "open"] },
  );
}

async function withDatagrams(
  running: RunningListeners,
  { mode, delay }: EchoConfig,
  log: (event: LogEvent) => void,
): Promise<RunningListeners> {
  const { hostname, port } = running.listeners[0]!.addr;
  let datagrams: UdpEcho;
  try {
    const socket = openUdp(hostname, [port, port]);
    datagrams = answerDatagrams(socket, { mode, delay });
  } catch (error) {
    await running.shutdown(0);
    const at = formatHostPort(hostname, port);
    throw new StartError(
      `Cannot listen on ${at} for datagrams: the port is in use for UDP; stop what uses it, or choose another`,
      { cause: error, option: "udp" },
    );
  }
  let isLogged = false;
  const { shutdown } = running;
  return Object.assign(running, {
    async shutdown(deadline: number) {
      const [cut] = await Promise.all([
        shutdown(deadline),
        datagrams.shutdown(deadline),
      ]);
      const { received, answered, dropped } = datagrams.counts;
      const message =
        `UDP: ${received} came, ${answered} answered, ${dropped} dropped`;
      if (!isLogged) {
        log(messageEvent("info", "udp-figures", message));
      }
      isLogged = true;
      return cut;
    },
  });
}
