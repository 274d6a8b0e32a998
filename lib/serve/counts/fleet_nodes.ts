/**
 * The machines of a fleet: the state of each, and calls from one to another.
 *
 * @module
 */

/** Roles of a node. */
export const FLEET_ROLES = ["member", "observer"] as const;

/**
 * Role of a node: an observer may read from other nodes but not change them.
 */
export type FleetRole = typeof FLEET_ROLES[number];

/**
 * Names of fleets and nodes, which appear unescaped in keys, labels and logs.
 */
const NAME = /^[\w.-]{1,64}$/;

/** Returns whether a value is a valid name of a fleet or a node. */
export function isFleetName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** Facts that a node reports once a second. */
export interface NodeFacts {
  /** Version of the program. */
  readonly version: string;
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Whether the node accepts no more connections, or will soon stop. */
  readonly isDraining: boolean;
  /** Number of open connections. */
  readonly open: number;
  /** Counts since the start; `undefined` for older versions. */
  readonly totals?: NodeTotals | undefined;
}

/** Counts of a node since its start. */
export interface NodeTotals {
  /** Connections. */
  readonly connections: number;
  /** Bytes to targets. */
  readonly sent: number;
  /** Bytes to clients. */
  readonly received: number;
}

/** A node of the fleet, as stored in Redis. */
export interface FleetNode extends NodeFacts {
  /** Random; each start creates a new one. */
  readonly id: string;
  /** Its name. */
  readonly node: string;
  /** Its role. */
  readonly role: FleetRole;
  /**
   * Whether the node answers calls of other nodes, which needs an admin
   * listener.
   */
  readonly isAnswering: boolean;
  /** Processors in use over the last second: 1 is one full processor. */
  readonly load: number;
  /**
   * Bytes per second to targets; `undefined` if the node does not report it.
   */
  readonly up?: number | undefined;
  /**
   * Bytes per second to clients; `undefined` if the node does not report it.
   */
  readonly down?: number | undefined;
  /** Milliseconds since its last report. */
  readonly silent: number;
  /** Whether its last report is so old that the node counts as dead. */
  readonly isLost: boolean;
}

/** A call of the admin API from one node to another. */
export interface NodeCall {
  /** Method. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** The answer to a {@linkcode NodeCall}. */
export interface NodeAnswer {
  /** HTTP status. */
  readonly status: number;
  /** The body; `undefined` for an empty one. */
  readonly json?: unknown;
}

/** The node that makes a call. */
export interface NodeCaller {
  /** Its name. */
  readonly node: string;
  /** Its role. */
  readonly role: FleetRole;
}

/** Answers the calls of other nodes. */
export type AnswerNode = (
  call: NodeCall,
  caller: NodeCaller,
) => Promise<NodeAnswer>;

/** A node cannot be called. The message is for the operator. */
export class NodeCallError extends Error {
  /** Whether no such node exists; otherwise it does not answer. */
  readonly isUnknown: boolean;

  /**
   * Creates an error.
   *
   * @param message What is wrong.
   * @param isUnknown Whether no such node exists (default: false).
   */
  constructor(message: string, isUnknown = false) {
    super(message);
    this.name = "NodeCallError";
    this.isUnknown = isUnknown;
  }
}

/** The machines of a fleet. */
export interface FleetNodes {
  /** Name of this node. */
  readonly own: string;
  /** Role of this node. */
  readonly role: FleetRole;
  /**
   * Lists all nodes, including this one.
   *
   * @returns Sorted by name; at most a second old.
   * @throws {NodeCallError} If Redis is unreachable.
   */
  list(): Promise<readonly FleetNode[]>;
  /**
   * Calls another node.
   *
   * @param node Its name or id.
   * @param call The request.
   * @throws {NodeCallError} If the node does not exist or does not answer in
   *   time.
   */
  call(node: string, call: NodeCall): Promise<NodeAnswer>;
  /**
   * Starts to report this node's facts to the others.
   *
   * @param facts Called once a second.
   */
  report(facts: () => NodeFacts): void;
  /**
   * Starts to answer calls of other nodes.
   *
   * @param answer Answers one call.
   */
  answer(answer: AnswerNode): void;
}
