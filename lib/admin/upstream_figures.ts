/**
 * Figures of upstreams and their pools.
 *
 * @module
 */

import type { PoolStatus } from "./api.ts";
import type { Figure } from "./figure.ts";

const LABELS = ["listener", "upstream"];

/** Figures of upstreams and their pools. */
export const UPSTREAM_FIGURES: readonly Figure[] = [
  perUpstream(
    "gauge",
    ["sluice_upstream_up", "1 if the upstream gets connections"],
    ({ isUp }) => isUp ? 1 : 0,
  ),
  perUpstream(
    "gauge",
    ["sluice_upstream_connections", "Client connections to the upstream"],
    ({ connections }) => connections,
  ),
  perUpstream(
    "gauge",
    ["sluice_pool_idle_connections", "Idle connections, ready for use"],
    ({ idle }) => idle,
  ),
  perUpstream(
    "gauge",
    ["sluice_pool_waiting_clients", "Clients that wait for a connection"],
    ({ waiting }) => waiting,
  ),
  perUpstream(
    "counter",
    ["sluice_pool_hits_total", "Clients that got a ready connection"],
    ({ hits }) => hits,
  ),
  perUpstream(
    "counter",
    [
      "sluice_pool_misses_total",
      "Clients that had to wait for a new connection",
    ],
    ({ misses }) => misses,
  ),
  perUpstream(
    "counter",
    [
      "sluice_pool_opened_total",
      "Connections opened, for clients or for the pool",
    ],
    ({ opened }) => opened,
  ),
  {
    kind: "counter",
    name: "sluice_pool_evicted_total",
    help: "Idle connections discarded, by reason",
    labels: [...LABELS, "reason"],
    read: (set, { upstreams }) => {
      for (const { evicted, listener, upstream } of upstreams) {
        for (const [reason, count] of Object.entries(evicted)) {
          set({ listener, upstream, reason }, count);
        }
      }
    },
  },
];

function perUpstream(
  kind: Figure["kind"],
  [name, help]: readonly [string, string],
  tell: (one: PoolStatus) => number,
): Figure {
  return {
    kind,
    name,
    help,
    labels: LABELS,
    read: (set, { upstreams }) => {
      for (const one of upstreams) {
        const { listener, upstream } = one;
        set({ listener, upstream }, tell(one));
      }
    },
  };
}
