/**
 * Figures of upstreams and their pools.
 *
 * @module
 */

import type { Registry } from "../handlers/registry.ts";
import type { Upstream } from "../handlers/upstream.ts";
import type { Figure, Read } from "./figure.ts";

/**
 * Lists the figures of upstreams and their pools.
 *
 * @param registry Where they are.
 * @returns The figures.
 */
export function upstreamFigures(registry: Registry): Figure[] {
  const labels = ["listener", "upstream"];
  const each = (tell: (one: Upstream) => number): Read => (set) => {
    for (const { listener, upstream } of registry.upstreams) {
      set({ listener, upstream: upstream.name }, tell(upstream));
    }
  };
  const figure = (
    kind: Figure["kind"],
    [name, help]: readonly [string, string],
    tell: (one: Upstream) => number,
  ): Figure => ({ kind, name, help, labels, read: each(tell) });
  return [
    figure(
      "gauge",
      ["sluice_upstream_up", "Whether connections go to the upstream"],
      ({ health }) => health.isUp ? 1 : 0,
    ),
    figure(
      "gauge",
      ["sluice_upstream_connections", "Connections of clients to the upstream"],
      ({ connections }) => connections,
    ),
    figure(
      "gauge",
      ["sluice_pool_idle_connections", "Connections that are ready"],
      ({ pool }) => pool.figures.idle,
    ),
    figure(
      "gauge",
      ["sluice_pool_waiting_clients", "Clients that wait for a connection"],
      ({ pool }) => pool.figures.waiting,
    ),
    figure(
      "counter",
      ["sluice_pool_hits_total", "Connections taken from those ready"],
      ({ pool }) => pool.figures.hits,
    ),
    figure(
      "counter",
      ["sluice_pool_misses_total", "Connections that had to be opened"],
      ({ pool }) => pool.figures.misses,
    ),
    figure(
      "counter",
      ["sluice_pool_opened_total", "Connections opened, for whatever reason"],
      ({ pool }) => pool.figures.opened,
    ),
    {
      kind: "counter",
      name: "sluice_pool_evicted_total",
      help: "Connections given up while ready, by reason",
      labels: [...labels, "reason"],
      read: (set) => {
        for (const { listener, upstream } of registry.upstreams) {
          const { evicted } = upstream.pool.figures;
          for (const [reason, count] of Object.entries(evicted)) {
            set({ listener, upstream: upstream.name, reason }, count);
          }
        }
      },
    },
  ];
}
