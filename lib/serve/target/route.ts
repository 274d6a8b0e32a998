/**
 * A listener of a relay and its upstreams.
 *
 * @module
 */

import type { Endpoint } from "../../wire/endpoint.ts";

/** An upstream as configured. */
export interface UpstreamConfig {
  /** Its address. */
  endpoint: Endpoint;
  /** Whether Sluice speaks TLS to it. */
  isTls: boolean;
  /** Its share of the connections, 1 to 1000. */
  weight: number;
  /** Whether it is only used while no other is up. */
  isBackup: boolean;
}

/** A listener and its upstreams. */
export interface Route {
  /** The listening endpoint; an empty host means all addresses. */
  listen: Endpoint;
  /** The upstreams; empty if only server names select upstreams. */
  upstreams: UpstreamConfig[];
}
