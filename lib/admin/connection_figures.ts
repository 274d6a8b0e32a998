/**
 * Figures of connections and datagrams.
 *
 * @module
 */

import type { Figure, Labels } from "./figure.ts";
import type { ListenerFigures } from "./thread_figures.ts";

/** Figures of connections and datagrams. */
export const CONNECTION_FIGURES: readonly Figure[] = [
  {
    kind: "counter",
    name: "sluice_udp_datagrams_total",
    help:
      "Datagrams to targets (sent), from them (received), and those that did not get through (dropped)",
    labels: ["direction"],
    read: (set, { listeners }) => {
      for (const direction of ["sent", "received", "dropped"] as const) {
        set(
          { direction },
          sum(listeners, ({ datagrams }) => datagrams[direction]),
        );
      }
    },
  },
  {
    kind: "gauge",
    name: "sluice_udp_open_associations",
    help: "UDP associations that are open",
    read: (set, { listeners }) =>
      set({}, sum(listeners, ({ associations }) => associations)),
  },
  perListener(
    "counter",
    ["sluice_accepted_connections_total", "Connections that were accepted"],
    ({ total }) => total,
  ),
  {
    kind: "counter",
    name: "sluice_connections_total",
    help: "Connections that have ended, by protocol and result",
    labels: ["listener", "protocol", "result"],
    read: (set, { listeners }) => {
      for (const { connections, name: listener } of listeners) {
        for (const { count, protocol, result } of connections) {
          set({ listener, protocol, result }, count);
        }
      }
    },
  },
  perListener(
    "counter",
    [
      "sluice_lost_connections_total",
      "Connections that have ended with the worker that they were in",
    ],
    ({ lost }) => lost,
  ),
  counted(
    [
      "sluice_http_requests_total",
      "HTTP requests without CONNECT that have ended, by result",
    ],
    "result",
    ({ requests }) => requests,
  ),
  perListener(
    "gauge",
    ["sluice_open_connections", "Connections that are open"],
    ({ open }) => open,
  ),
  counted(
    [
      "sluice_bytes_total",
      "Bytes carried to targets (sent) and from them (received), those of open connections included",
    ],
    "direction",
    ({ received, sent }) => ({ sent, received }),
  ),
  counted(
    [
      "sluice_refusals_total",
      "Connections and HTTP requests refused or failed, by reason",
    ],
    "reason",
    ({ refusals }) => refusals,
  ),
  counted(
    [
      "sluice_would_deny_total",
      "Connections and HTTP requests that rules in report mode, or the check of names, would have refused, by reason",
    ],
    "reason",
    ({ wouldDeny }) => wouldDeny,
  ),
];

/** One value for each listener. */
function perListener(
  kind: Figure["kind"],
  [name, help]: readonly [string, string],
  tell: (one: ListenerFigures) => number,
): Figure {
  return {
    kind,
    name,
    help,
    labels: ["listener"],
    read: (set, { listeners }) => {
      for (const one of listeners) set({ listener: one.name }, tell(one));
    },
  };
}

/** A counter with a value for each listener and each value of a label. */
function counted(
  [name, help]: readonly [string, string],
  label: string,
  tell: (one: ListenerFigures) => Readonly<Record<string, number>>,
): Figure {
  return {
    kind: "counter",
    name,
    help,
    labels: ["listener", label],
    read: (set, { listeners }) => {
      for (const one of listeners) {
        for (const [value, count] of Object.entries(tell(one))) {
          const labels: Labels = { listener: one.name, [label]: value };
          set(labels, count);
        }
      }
    },
  };
}

function sum(
  listeners: readonly ListenerFigures[],
  tell: (one: ListenerFigures) => number,
): number {
  return listeners.reduce((total, one) => total + tell(one), 0);
}
