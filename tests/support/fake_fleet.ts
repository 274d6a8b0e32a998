/**
 * Invented nodes of a fleet.
 *
 * @module
 */

import type { FleetAnswer, NodeStatus } from "../../lib/admin/api.ts";
import type {
  FleetNode,
  FleetNodes,
  FleetRole,
} from "../../lib/serve/counts/fleet_nodes.ts";

/**
 * Makes the nodes `node-0`, the one that is asked, to `node-N`: the last is
 * lost, and the one before drains.
 *
 * @param others Nodes besides the one that is asked.
 */
export function fakeFleet(
  others: number,
  role: FleetRole = "member",
): FleetAnswer {
  const nodes = Array.from({ length: others + 1 }, (_, n): NodeStatus => ({
    id: `id-${n}`,
    node: `node-${n}`,
    role: n === 0 ? role : "member",
    isAnswering: true,
    isDraining: n === others - 1,
    isLost: n === others,
    silentMs: n === others ? 8_000 : 400,
    version: "0.2.0",
    startedAt: new Date(Date.now() - 3_600_000 * (n + 1)).toISOString(),
    open: 1_000 * n,
    totals: { connections: 5_000 * n, sent: 9e9 * n, received: 8e10 * n },
    up: 1.5e6 * n,
    down: 2e7 * n,
    load: n / 10,
  }));
  return { node: "node-0", role, nodes };
}

/** Of two nodes, `a` and `b`, one of which has no admin listener. */
export function fakeNodes(): FleetNodes {
  const node: FleetNode = {
    ...{ id: "1f", node: "a", role: "member", version: "0.2.0" },
    ...{ startedAt: 0, silent: 200, load: 0.25, open: 1, up: 1, down: 2 },
    ...{ isAnswering: true, isDraining: false, isLost: false },
    totals: { connections: 3, sent: 4, received: 5 },
  };
  const { up: _up, down: _down, totals: _totals, ...bare } = node;
  return {
    own: "a",
    role: "member",
    list: () => Promise.resolve([node, { ...bare, id: "2e", node: "b" }]),
    call: () => Promise.reject(new Error("Not called")),
    report() {},
    answer() {},
  };
}
