/**
 * The machines of a fleet, for whoever watches one of them: what each does, and
 * calls from one to another.
 *
 * @module
 */

/** What a node may do to others. */
export const FLEET_ROLES = ["member", "observer"] as const;

/** What a node may do to others: an observer only looks. */
export type FleetRole = typeof FLEET_ROLES[number];

/** Names of fleets and nodes: they stand in keys, labels and logs as they are. */
const NAME = /^[\w.-]{1,64}$/;

/** Whether something is a name of a fleet or a node. */
export function isFleetName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

/** What a node tells about itself, once a second. */
export interface NodeFacts {
  /** Version of the program. */
  readonly version: string;
  /** When it started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Whether it accepts no more, or will soon. */
  readonly isDraining: boolean;
  /** Connections that are open. */
  readonly open: number;
  /** Counts since the start; older versions may not tell them. */
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

/** A node of the fleet, as Redis knows it. */
export interface FleetNode extends NodeFacts {
  /** Random, and new at every start. */
  readonly id: string;
  /** Its name. */
  readonly node: string;
  /** What it may do to others. */
  readonly role: FleetRole;
  /** Whether it answers calls of other nodes: it has an admin listener. */
  readonly isAnswering: boolean;
  /** Processors in use over its last second: 1 is one of them. */
  readonly load: number;
  /** Bytes a second to targets; `undefined` where it does not tell. */
  readonly up?: number | undefined;
  /** Bytes a second to clients; likewise. */
  readonly down?: number | undefined;
  /** Milliseconds since it was last heard of. */
  readonly silent: number;
  /** Whether it was not heard of for so long that it is taken for dead. */
  readonly isLost: boolean;
}

/** A call of the admin API, from one node to another. */
export interface NodeCall {
  /** Method. */
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** The answer to a {@linkcode NodeCall}. */
export interface NodeAnswer {
  /** Status of HTTP. */
  readonly status: number;
  /** The body; `undefined` for none. */
  readonly json?: unknown;
}

/** Who calls. */
export interface NodeCaller {
  /** Its name. */
  readonly node: string;
  /** What it may do. */
  readonly role: FleetRole;
}

/** Answers the calls of other nodes. */
export type AnswerNode = (
  call: NodeCall,
  caller: NodeCaller,
) => Promise<NodeAnswer>;

/** A node can't be asked, in words for the operator. */
export class NodeCallError extends Error {
  /** Whether there is no such node; otherwise it does not answer. */
  readonly isUnknown: boolean;

  /**
   * Creates an error.
   *
   * @param message What is wrong.
   * @param isUnknown Whether there is no such node.
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
  /** What this node may do to others. */
  readonly role: FleetRole;
  /**
   * Lists all nodes, this one too.
   *
   * @returns Sorted by name; at most a second old.
   * @throws {NodeCallError} If Redis is away.
   */
  list(): Promise<readonly FleetNode[]>;
  /**
   * Calls another node.
   *
   * @param node Its name, or its id.
   * @param call What is asked.
   * @returns Its answer.
   * @throws {NodeCallError} If there is no such node, or no answer in time.
   */
  call(node: string, call: NodeCall): Promise<NodeAnswer>;
  /**
   * Tells the others about this node from now on.
   *
   * @param facts Called once a second.
   */
  report(facts: () => NodeFacts): void;
  /**
   * Answers calls of other nodes from now on.
   *
   * @param answer Answers one.
   */
  answer(answer: AnswerNode): void;
}
