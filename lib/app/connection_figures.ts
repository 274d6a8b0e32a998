/**
 * Figures of connections and datagrams.
 *
 * @module
 */

import type { Registry } from "../handlers/registry.ts";
import type { Figure, Read } from "./figure.ts";

/**
 * Lists the figures of connections and datagrams.
 *
 * @param registry Where they are.
 * @returns The figures.
 */
export function connectionFigures(registry: Registry): Figure[] {
  return [
    ...udpFigures(registry),
    {
      kind: "counter",
      name: "sluice_accepted_connections_total",
      help: "Connections that were accepted",
      labels: ["listener"],
      read: (set) => {
        for (const { name, total } of registry.listeners) {
          set({ listener: name }, total);
        }
      },
    },
    {
      kind: "counter",
      name: "sluice_connections_total",
      help: "Connections that have ended, by protocol and result",
      labels: ["listener", "protocol", "result"],
      read: (set) => {
        for (const { connections, name: listener } of registry.listeners) {
          for (const { count, protocol, result } of connections.values()) {
            set({ listener, protocol, result }, count);
          }
        }
      },
    },
    {
      kind: "counter",
      name: "sluice_http_requests_total",
      help: "HTTP requests without CONNECT that have ended, by result",
      labels: ["listener", "result"],
      read: (set) => {
        for (const { name: listener, requests } of registry.listeners) {
          for (const [result, count] of requests) {
            set({ listener, result }, count);
          }
        }
      },
    },
    {
      kind: "gauge",
      name: "sluice_open_connections",
      help: "Connections that are open",
      labels: ["listener"],
      read: (set) => {
        for (const { name: listener, open } of registry.listeners) {
          set({ listener }, open);
        }
      },
    },
    {
      kind: "counter",
      name: "sluice_bytes_total",
      help:
        "Bytes carried to targets (sent) and from them (received), those of open connections included",
      labels: ["listener", "direction"],
      read: (set) => readBytes(registry, set),
    },
    {
      kind: "counter",
      name: "sluice_refusals_total",
      help: "Connections and HTTP requests refused or failed, by reason",
      labels: ["listener", "reason"],
      read: (set) => {
        for (const { name: listener, refusals } of registry.listeners) {
          for (const [reason, count] of refusals) {
            set({ listener, reason }, count);
          }
        }
      },
    },
  ];
}

function readBytes(registry: Registry, set: Parameters<Read>[0]): void {
  const sums = new Map(
    registry.listeners.map((
      { ended, name },
    ) => [name, { sent: ended.sent, received: ended.received }]),
  );
  for (const [{ name }, live] of registry.open) {
    const sum = sums.get(name)!;
    const { sent, received } = live.carried;
    sum.sent += sent;
    sum.received += received;
  }
  for (const [listener, { sent, received }] of sums) {
    set({ listener, direction: "sent" }, sent);
    set({ listener, direction: "received" }, received);
  }
}

function udpFigures(registry: Registry): Figure[] {
  return [
    {
      kind: "counter",
      name: "sluice_udp_datagrams_total",
      help:
        "Datagrams to targets (sent), from them (received), and those that did not get through (dropped)",
      labels: ["direction"],
      read: (set) => {
        const all = datagramsOf(registry);
        for (const direction of ["sent", "received", "dropped"] as const) {
          set({ direction }, all.reduce((sum, one) => sum + one[direction], 0));
        }
      },
    },
    {
      kind: "gauge",
      name: "sluice_udp_open_associations",
      help: "UDP associations that are open",
      read: (set) => set({}, openDatagrams(registry).length),
    },
  ];
}

type Datagrams = { sent: number; received: number; dropped: number };

function datagramsOf(registry: Registry): Datagrams[] {
  const ended = registry.listeners.map(({ datagrams }) => datagrams);
  return [...ended, ...openDatagrams(registry)];
}

function openDatagrams(registry: Registry): Datagrams[] {
  return Array.from(registry.open, ([, live]) => live.session.record.datagrams)
    .filter((datagrams) => datagrams !== undefined);
}
