/**
 * The machines of the fleet, as the admin API shows them.
 *
 * @module
 */

import type { FleetNode, FleetNodes } from "../../serve/counts/fleet_nodes.ts";
import type { FleetAnswer, NodeStatus } from "../api.ts";
import { AdminError } from "../error.ts";
import { nodeFault } from "./fault.ts";

/**
 * Lists the machines.
 *
 * @param fleet The fleet; `undefined` outside a fleet.
 * @throws {AdminError} Without a fleet, or if Redis is unreachable.
 */
export async function listNodes(
  fleet: FleetNodes | undefined,
): Promise<readonly FleetNode[]> {
  try {
    return await requireFleet(fleet).list();
  } catch (error) {
    throw nodeFault(error);
  }
}

/**
 * Answers `GET /api/fleet`.
 *
 * @param fleet The fleet; `undefined` outside a fleet.
 * @throws {AdminError} Without a fleet, or if Redis is unreachable.
 */
export async function answerFleet(
  fleet: FleetNodes | undefined,
): Promise<FleetAnswer> {
  const { own: node, role } = requireFleet(fleet);
  const nodes = await listNodes(fleet);
  return { node, role, nodes: nodes.map(statusOf) };
}

/**
 * Returns the fleet.
 *
 * @throws {AdminError} `not_found` without a fleet.
 */
export function requireFleet(fleet: FleetNodes | undefined): FleetNodes {
  if (fleet !== undefined) return fleet;
  throw new AdminError(
    "not_found",
    "This program is not part of a fleet (option --fleet)",
  );
}

function statusOf({ silent, startedAt, ...node }: FleetNode): NodeStatus {
  return {
    ...node,
    silentMs: Math.round(silent),
    startedAt: new Date(startedAt).toISOString(),
  };
}
