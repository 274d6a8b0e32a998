/**
 * Adds layers in front of a listener's protocol: first the load balancer's
 * PROXY header, then TLS.
 *
 * @module
 */

import { type AcceptProxy, behindProxy } from "./behind_proxy.ts";
import type { Protocol } from "./connection.ts";
import { type ListenerTls, overTls } from "./tls/over_tls.ts";
import type { ConnectionServices } from "./connection_services.ts";

/** The layers. */
export interface LayersConfig {
  /** Sources of PROXY headers (default: no headers are read). */
  acceptProxy?: AcceptProxy | undefined;
  /** TLS (default none). */
  tls?: ListenerTls | undefined;
}

/**
 * Puts the layers in front of a protocol.
 *
 * @typeParam S Services of the protocol.
 * @param front The layers.
 * @returns The protocol with its layers.
 */
export function addLayers<S extends ConnectionServices>(
  { acceptProxy, tls }: LayersConfig,
  protocol: Protocol<S>,
): Protocol<S> {
  const inside = tls === undefined ? protocol : overTls(tls, protocol);
  return acceptProxy === undefined ? inside : behindProxy(acceptProxy, inside);
}
