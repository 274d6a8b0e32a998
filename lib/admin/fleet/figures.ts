/**
 * Metrics of all nodes of a fleet for Prometheus. The label `node` has one
 * value for each name, at most 1,000.
 *
 * @module
 */

import type { Figure } from "../figure.ts";
import type { FleetNode } from "../../serve/counts/fleet_nodes.ts";

/** A metric of a node. */
interface NodeFigure extends Pick<Figure, "name" | "help" | "kind"> {
  /** Returns `undefined` if the node does not report it. */
  read: (node: FleetNode) => number | undefined;
}

const FIGURES: readonly NodeFigure[] = [
  {
    name: "sluice_fleet_node_up",
    help: "1 for a node that was heard of in the last 5 s, otherwise 0.",
    kind: "gauge",
    read: ({ isLost }) => isLost ? 0 : 1,
  },
  {
    name: "sluice_fleet_node_draining",
    help: "1 for a node that drains, otherwise 0.",
    kind: "gauge",
    read: ({ isDraining }) => isDraining ? 1 : 0,
  },
  {
    name: "sluice_fleet_node_open_connections",
    help: "Connections of a node that are open.",
    kind: "gauge",
    read: ({ open }) => open,
  },
  {
    name: "sluice_fleet_node_connections_total",
    help: "Connections of a node since its start.",
    kind: "counter",
    read: ({ totals }) => totals?.connections,
  },
  {
    name: "sluice_fleet_node_sent_bytes_total",
    help: "Bytes of a node to targets since its start.",
    kind: "counter",
    read: ({ totals }) => totals?.sent,
  },
  {
    name: "sluice_fleet_node_received_bytes_total",
    help: "Bytes of a node to clients since its start.",
    kind: "counter",
    read: ({ totals }) => totals?.received,
  },
  {
    name: "sluice_fleet_node_processors",
    help: "Processors that a node uses.",
    kind: "gauge",
    read: ({ load }) => load,
  },
];

/**
 * Lists the metrics.
 *
 * @param nodes All nodes. If several have the same name, the one with the
 *   newest report counts.
 */
export function fleetFigures(nodes: readonly FleetNode[]): Figure[] {
  const byName = new Map<string, FleetNode>();
  for (const node of nodes) {
    const known = byName.get(node.node);
    if (known === undefined || node.silent < known.silent) {
      byName.set(node.node, node);
    }
  }
  return FIGURES.map(({ read, ...figure }) => ({
    ...figure,
    labels: ["node"],
    read: (set) => {
      for (const [name, node] of byName) {
        const value = read(node);
        if (value !== undefined) set({ node: name }, value);
      }
    },
  }));
}
