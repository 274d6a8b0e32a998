/**
 * Starts the hub.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import { Hub } from "./hub.ts";
import type { HUB_OPTIONS } from "./options.ts";
import type { HubServices } from "./services.ts";
import { hubTcp } from "./tcp.ts";
import { hubWeb } from "./web.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import { TCP_DIALECTS } from "./wire/dialect.ts";
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
import type { SettingsOf } from "../cli/settings.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Configuration of a hub. Its TCP listeners may take port 0, a free one. */
export type HubConfig =
  & ServerConfig
  & Pick<LayersConfig, "tls">
  & SettingsOf<typeof HUB_OPTIONS>;

/** A running hub. Its TCP listeners come before those for browsers. */
export interface RunningHub extends RunningListeners {
  /** Number of connected clients. */
  clients(): number;
}

/** File descriptors for each client. */
const PER_CLIENT = 1;

/**
 * Starts a hub.
 *
 * @throws {UsageError} If others can reach an address and `open` is not set.
 * @throws {StartError} If the hub can't listen.
 */
export async function startHub(
  config: HubConfig,
): Promise<RunningHub> {
  const { history, historyTime, listen, maxRooms, tls } = config;
  const hub = new Hub({ mostRooms: maxRooms, history, historyTime });
  const places = openPlaces(config, {
    perConnection: PER_CLIENT,
    tellsRefused: true,
  });
  const shared = sharedServices(config, hub, places);
  const running = await startListeners(
    [...listen, ...config.web],
    ({ isPublic, watch }, index) => {
      const isTcp = index < listen.length;
      const protocol = addLayers({ tls }, isTcp ? hubTcp : hubWeb);
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
      optionAt: (index) => index < listen.length ? "listen" : "ws",
      check: (listener, where) => requireConsent(config, listener, where),
      onEnd: () => hub[Symbol.dispose](),
    },
  );
  return Object.assign(running, { clients: () => hub.size });
}

function sharedServices(
  config: HubConfig,
  hub: Hub,
  { limits, listening }: Places,
): Omit<HubServices, "connectionsPerClient" | "isSecure"> {
  const { framing, names, maxMessage: mostBytes } = config;
  return {
    hub,
    dialect: TCP_DIALECTS[framing]({ mostBytes, names }),
    webDialect: webSocketDialect({ mostBytes, names, framing }),
    outbox: {
      most: config.queue,
      mostBytes: config.queueBytes,
      slow: config.slow,
    },
    heartbeat: config.heartbeat,
    ratePerClient: config.ratePerClient,
    origins: new Set(config.origins),
    limits,
    // The hub dials nothing, and heartbeats handle silence.
    timeouts: {
      handshake: config.handshakeTimeout,
      connect: 0,
      idle: 0,
      halfClose: 0,
    },
    log: listening.log,
  };
}

function requireConsent(
  { open }: HubConfig,
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
