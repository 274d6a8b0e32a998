/**
 * Starts the hub.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import { Hub } from "./hub.ts";
import type { SlowPolicy } from "./outbox.ts";
import type { HubServices } from "./services.ts";
import { hubTcp } from "./tcp.ts";
import { hubWeb } from "./web.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import { tcpDialect } from "./wire/dialect.ts";
import type { HubFraming } from "./wire/frame.ts";
import { webSocketDialect } from "./wire/websocket_frames.ts";
import { addLayers, type LayersConfig } from "../serve/add_layers.ts";
import {
  openPlaces,
  type Places,
  type ServerConfig,
} from "../serve/limits/places.ts";
import {
  askedName,
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Configuration of a hub. */
export interface HubConfig extends ServerConfig {
  /** Addresses for TCP; port 0 takes a free one. */
  listen: readonly Endpoint[];
  /** Addresses for browsers (default: none). */
  web?: readonly Endpoint[];
  /**
   * Web origins that may connect, in addition to the page's own (default:
   * none).
   */
  origins?: readonly string[];
  /** Admits everyone although others can reach an address (default false). */
  open?: boolean;
  /** How TCP clients separate messages (default `line`). */
  framing?: HubFraming;
  /** Most bytes of a message (default 65,536). */
  maxMessage?: number;
  /** Adds the sender's name to each message (default false). */
  names?: boolean;
  /** Most messages in the queue for one client (default 1,000). */
  queue?: number;
  /** Most bytes in that queue (default 4 MiB). */
  queueBytes?: number;
  /** Policy for further messages (default `drop-oldest`). */
  slow?: SlowPolicy;
  /**
   * Milliseconds of silence before a heartbeat (default 30,000); 0 disables it.
   */
  heartbeat?: number;
  /** Messages of a room's history, for new clients (default 0). */
  history?: number;
  /**
   * Milliseconds for which an empty room keeps its history (default 1 hour); 0
   * discards it with the last client.
   */
  historyTime?: number;
  /**
   * Messages per second of one client (default 1,000); 0 disables the limit.
   */
  ratePerClient?: number;
  /** Most rooms, including empty ones that keep a history (default 100). */
  maxRooms?: number;
  /**
   * Milliseconds for a browser's request (default 10,000); 0 disables the
   * limit.
   */
  handshakeTimeout?: number;
}

/** A running hub. Its TCP listeners come before those for browsers. */
export interface RunningHub extends RunningListeners {
  /** Number of connected clients. */
  readonly clients: number;
}

/** Default settings. */
const DEFAULTS = {
  web: [],
  origins: [],
  open: false,
  framing: "line",
  maxMessage: 64 * 1024,
  names: false,
  queue: 1_000,
  queueBytes: 4 * 1024 * 1024,
  slow: "drop-oldest",
  heartbeat: 30_000,
  history: 0,
  historyTime: 3_600_000,
  ratePerClient: 1_000,
  maxRooms: 100,
  handshakeTimeout: 10_000,
} as const;

type Given = Required<Omit<HubConfig, keyof ServerConfig>>;

/** File descriptors for each client. */
const PER_CLIENT = 1;

/**
 * Starts a hub.
 *
 * @throws {UsageError} If others can reach an address and `open` is not set.
 * @throws {StartError} If the hub can't listen.
 */
export async function startHub(
  { tls, ...config }: HubConfig & Pick<LayersConfig, "tls">,
): Promise<RunningHub> {
  const front = { tls };
  const given: Given = { ...DEFAULTS, ...config };
  const hub = new Hub({
    mostRooms: given.maxRooms,
    history: given.history,
    historyTime: given.historyTime,
  });
  const places = openPlaces(config, {
    perConnection: PER_CLIENT,
    tellsRefused: true,
  });
  const shared = sharedServices(given, hub, places);
  const running = await startListeners(
    [...given.listen, ...given.web],
    ({ isPublic, watch }, index) => {
      const isTcp = index < given.listen.length;
      const protocol = addLayers(front, isTcp ? hubTcp : hubWeb);
      const services: HubServices = {
        ...shared,
        isSecure: tls !== undefined,
        connectionsPerClient: places.perClient(isPublic),
        watch,
      };
      return handlerOf(protocol, services);
    },
    {
      ...places.listening,
      kind: "hub",
      optionAt: (index) => index < given.listen.length ? "listen" : "ws",
      check: (listener, where) => requireConsent(given, listener, where),
      onEnd: () => hub[Symbol.dispose](),
    },
  );
  return {
    listeners: running.listeners,
    get connections() {
      return running.connections;
    },
    get clients() {
      return hub.size;
    },
    shutdown: (deadline) => running.shutdown(deadline),
  };
}

function sharedServices(
  given: Given,
  hub: Hub,
  { limits, listening }: Places,
): Omit<HubServices, "connectionsPerClient" | "isSecure"> {
  const { framing, names, maxMessage: mostBytes } = given;
  return {
    hub,
    dialect: tcpDialect(framing, { mostBytes, names }),
    webDialect: webSocketDialect({ mostBytes, names, framing }),
    outbox: {
      most: given.queue,
      mostBytes: given.queueBytes,
      slow: given.slow,
    },
    heartbeat: given.heartbeat,
    ratePerClient: given.ratePerClient,
    origins: new Set(given.origins),
    limits,
    // The hub dials nothing, and heartbeats handle silence.
    timeouts: {
      handshake: given.handshakeTimeout,
      connect: 0,
      idle: 0,
      halfClose: 0,
    },
    log: listening.log,
  };
}

function requireConsent(
  { open }: Given,
  listener: ListenerInfo,
  where: Endpoint,
): void {
  if (!listener.isPublic || open) return;
  const at = askedName(listener, where);
  throw new UsageError(
    `Refusing to listen on ${at}: anyone who reaches it could use the hub; give --open to allow that`,
    { others: ["open"] },
  );
}
