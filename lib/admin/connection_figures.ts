/**
 * Figures of connections and datagrams.
 *
 * @module
 */

import type { Figure, Labels } from "./figure.ts";
import type { ListenerFigures } from "./threads/figures.ts";

/** Figures of connections and datagrams. */
export const CONNECTION_FIGURES: readonly Figure[] = [
  {
    kind: "counter",
    name: "sluice_udp_datagrams_total",
    help: "Datagrams sent to targets, received from them, or dropped",
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
    help: "Open UDP associations",
    read: (set, { listeners }) =>
      set({}, sum(listeners, ({ associations }) => associations)),
  },
  perListener(
    "counter",
    ["sluice_accepted_connections_total", "Accepted connections"],
    ({ total }) => total,
  ),
  {
    kind: "counter",
    name: "sluice_connections_total",
    help: "Ended connections, by protocol and result",
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
      "Connections lost because their worker ended",
    ],
    ({ lost }) => lost,
  ),
  counted(
    [
      "sluice_http_requests_total",
      "Ended HTTP requests without CONNECT, by result",
    ],
    "result",
    ({ requests }) => requests,
  ),
  perListener(
    "gauge",
    ["sluice_open_connections", "Open connections"],
    ({ open }) => open,
  ),
  counted(
    [
      "sluice_bytes_total",
      "Bytes sent to targets and received from them, including open connections",
    ],
    "direction",
    ({ received, sent }) => ({ sent, received }),
  ),
  counted(
    [
      "sluice_refusals_total",
      "Refused or failed connections and HTTP requests, by reason",
    ],
    "reason",
    ({ refusals }) => refusals,
  ),
  counted(
    [
      "sluice_would_deny_total",
      "Connections and HTTP requests that rules or the name check in report mode would have refused, by reason",
    ],
    "reason",
    ({ wouldDeny }) => wouldDeny,
  ),
];

/** Returns one value for each listener. */
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
