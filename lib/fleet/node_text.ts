/**
 * The texts that describe nodes in Redis, and messages between nodes.
 *
 * @module
 */

import {
  type FleetNode,
  type FleetRole,
  isFleetName,
  type NodeAnswer,
  type NodeCall,
  type NodeFacts,
} from "../serve/counts/fleet_nodes.ts";

/** Milliseconds without a report after which a node counts as lost. */
const LOST_AFTER = 5_000;

/** The facts of a node in Redis, including those that the fleet adds. */
type KeptFacts =
  & NodeFacts
  & Pick<FleetNode, "node" | "role" | "isAnswering" | "load" | "up" | "down">;

const NO_FACTS: Omit<KeptFacts, "node" | "version"> = {
  ...{ role: "member", isDraining: false, isAnswering: false },
  ...{ startedAt: 0, load: 0, open: 0 },
};

/** A message to one node. */
export type NodeMessage =
  | {
    ask: number;
    from: string;
    node: string;
    role: FleetRole;
    call: NodeCall;
    /** Most bytes of the answer; older versions have one limit for all. */
    most?: number;
  }
  | { answer: number } & BoundedAnswer;

/** What a node answers. */
export interface BoundedAnswer {
  /** The answer, or that there is none. */
  result: NodeAnswer;
  /** Whether the answer would be longer than the caller takes. */
  isLong?: boolean;
}

/**
 * Parses the facts of a node in Redis. Other versions may lack some of them,
 * and other programs may write to Redis.
 *
 * @param silent Milliseconds since the node's last report.
 * @param text JSON of its facts.
 * @returns The node; `undefined` if the text is not valid.
 */
export function parseNode(
  id: string,
  silent: number,
  text: string,
): FleetNode | undefined {
  const facts = parseObject(text) as Partial<KeptFacts> | undefined;
  if (facts === undefined) return undefined;
  const { node, version } = facts;
  if (!isFleetName(node) || typeof version !== "string") return undefined;
  return {
    ...NO_FACTS,
    ...facts,
    ...{ id, node, version },
    silent: Math.max(0, silent),
    isLost: silent > LOST_AFTER,
  };
}

/**
 * Parses a message.
 *
 * @returns The message; `undefined` if the text is not a message of a node.
 */
export function parseMessage(text: string): NodeMessage | undefined {
  const message = parseObject(text) as Partial<NodeMessage> | undefined;
  if (message === undefined) return undefined;
  const isOurs = "answer" in message
    ? typeof message.result?.status === "number"
    : "ask" in message && isFleetName(message.node) &&
      typeof message.call?.target === "string";
  return isOurs ? message as NodeMessage : undefined;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // Not JSON.
  }
}
