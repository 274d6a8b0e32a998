/**
 * Passes a request on to another node of the fleet.
 *
 * @module
 */

import type { FleetNodes, NodeAnswer } from "../../serve/counts/fleet_nodes.ts";
import { AdminError, type AdminErrorCode, codeOfStatus } from "../error.ts";
import type { FoundRoute } from "../routes.ts";
import { nodeFault } from "./fault.ts";
import { requireFleet } from "./list.ts";

/** A request for another node. */
export interface RelayedRequest {
  /** What it asks for. */
  readonly found: FoundRoute;
  /** Its query without the node. */
  readonly query: URLSearchParams;
  /** Name of the node. */
  readonly node: string;
}

/** The answer of a node to a request that it has carried out. */
export interface RelayedAnswer {
  readonly status: 200 | 202 | 204;
  readonly json: unknown;
}

/**
 * Passes a request on.
 *
 * @param request The request.
 * @param fleet The fleet.
 * @returns The answer; `undefined` if this node is the one that is asked.
 * @throws {AdminError} If the node cannot be asked, or refuses.
 */
export async function relayRequest(
  request: RelayedRequest,
  fleet: FleetNodes | undefined,
): Promise<RelayedAnswer | undefined> {
  const { found: { route }, node } = request;
  const nodes = requireFleet(fleet);
  if (node === nodes.own) return undefined;
  if (!canRelay(route)) {
    throw new AdminError(
      "bad_request",
      `Another node cannot be asked for ${route.path}`,
    );
  }
  if (route.method !== "GET" && nodes.role === "observer") {
    throw new AdminError(
      "forbidden",
      "This node only observes (--fleet-role): it cannot act on others",
    );
  }
  try {
    const target = targetOf(request);
    const answer = await nodes.call(node, { method: route.method, target });
    return requireSuccess(answer);
  } catch (error) {
    throw nodeFault(error);
  }
}

/**
 * Tells whether other nodes can be asked for something: answers that are JSON.
 *
 * @param route The route.
 */
export function canRelay(
  { isLocal, type }: Pick<FoundRoute["route"], "isLocal" | "type">,
): boolean {
  return isLocal === undefined && type === undefined;
}

function targetOf({ found: { name, route }, query }: RelayedRequest): string {
  const path = route.path.replace(/\{\w+\}$/, encodeURIComponent(name));
  return query.size === 0 ? path : `${path}?${query}`;
}

function requireSuccess({ json, status }: NodeAnswer): RelayedAnswer {
  if (status === 200 || status === 202 || status === 204) {
    return { status, json };
  }
  const { code, message } = (json as {
    error?: { code?: AdminErrorCode; message?: string };
  })?.error ?? {};
  throw new AdminError(
    code ?? codeOfStatus(status),
    message ?? "The node has failed",
  );
}
