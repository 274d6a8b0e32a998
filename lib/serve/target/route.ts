/**
 * A listener of a relay, and the upstreams that it leads to.
 *
 * @module
 */

import type { Endpoint } from "../../wire/endpoint.ts";

/** An upstream as configured. */
export interface UpstreamConfig {
  /** Where it is. */
  endpoint: Endpoint;
  /** Whether it is spoken to by TLS. */
  isTls: boolean;
  /** Its share of the connections, 1 to 1000. */
  weight: number;
  /** Whether it is for when no other is up. */
  isBackup: boolean;
}

/** A listener and where its connections go. */
export interface Route {
  /** Where clients come; an empty host is all addresses. */
  listen: Endpoint;
  /** Where they go; none where only server names lead anywhere. */
  upstreams: UpstreamConfig[];
}
