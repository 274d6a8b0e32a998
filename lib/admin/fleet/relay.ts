/**
 * Forwards a request to another node of the fleet.
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
  /** The route that it asks for. */
  readonly found: FoundRoute;
  /** Its query without the parameter `node`. */
  readonly query: URLSearchParams;
  /** Name of the node. */
  readonly node: string;
}

/** The answer of a node to a successful request. */
export interface RelayedAnswer {
  /** Status code. */
  readonly status: 200 | 202 | 204;
  /** The parsed body. */
  readonly json: unknown;
}

/**
 * Forwards a request.
 *
 * @param fleet The fleet; `undefined` outside a fleet.
 * @returns The answer; `undefined` if the request names this node.
 * @throws {AdminError} If the node cannot be called, or refuses.
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
 * Returns whether a route can be forwarded to other nodes: only routes with
 * JSON answers can.
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
