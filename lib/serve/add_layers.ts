/**
 * What stands in front of a listener's protocol: the header of a load balancer,
 * then TLS.
 *
 * @module
 */

import { type AcceptProxy, behindProxy } from "./behind_proxy.ts";
import type { Protocol } from "./connection.ts";
import { type ListenerTls, overTls } from "./tls/over_tls.ts";
import type { ConnectionServices } from "./connection_services.ts";

/** What stands in front. */
export interface LayersConfig {
  /** Whose PROXY headers are read (default: nobody's). */
  acceptProxy?: AcceptProxy | undefined;
  /** TLS (default none). */
  tls?: ListenerTls | undefined;
}

/**
 * Puts a protocol behind what stands in front of it.
 *
 * @typeParam S What the protocol works with.
 * @param front What stands in front.
 * @returns The protocol as clients meet it.
 */
export function addLayers<S extends ConnectionServices>(
  { acceptProxy, tls }: LayersConfig,
  protocol: Protocol<S>,
): Protocol<S> {
  const inside = tls === undefined ? protocol : overTls(tls, protocol);
  return acceptProxy === undefined ? inside : behindProxy(acceptProxy, inside);
}
