/**
 * The calls of this node to others. They bound what is under way to it.
 *
 * @module
 */

import {
  type FleetNode,
  type FleetRole,
  type NodeAnswer,
  type NodeCall,
  NodeCallError,
} from "../serve/counts/fleet_nodes.ts";
import { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { waitAtMost } from "../sync/wait_at_most.ts";
import type { BoundedAnswer, NodeMessage } from "./node_text.ts";
import type { Incarnation } from "./pulse.ts";

/** Longest wait for an answer, and for the slot of a long one: milliseconds. */
const PATIENCE = 5_000;

/** Most calls that wait for an answer. */
const MOST_CALLS = 64;

/**
 * Most bytes of an answer. A call first gets a short one at most. A long one
 * needs a slot: Redis closes the connection of a node with 32 MB of messages
 * under way (`client-output-buffer-limit pubsub`).
 */
export const MOST_ANSWER = { short: 64 * 1024, long: 4 * 1024 * 1024 } as const;

/** Most long answers that are under way to this node. */
const MOST_LONG = 4;

/** A node that is called. */
export type Called = Pick<FleetNode, "id" | "node">;

/** Options for {@linkcode OwnCalls}. */
export interface OwnCallsOptions {
  /** This run of the program. */
  own: Pick<Incarnation, "id" | "node">;
  /** Role of this node. */
  role: FleetRole;
  /**
   * Sends a message to the node with an id.
   *
   * @returns The number of nodes that received it.
   */
  send: (id: string, message: NodeMessage) => Promise<number>;
}

/** The calls of this node. */
export class OwnCalls {
  readonly #options: OwnCallsOptions;
  readonly #waiting = new Map<number, (answer: BoundedAnswer) => void>();
  readonly #slots = new Semaphore(MOST_LONG);
  #open = 0;
  #last = 0;

  /**
   * Creates an object without calls.
   *
   * @param options This node, and how it sends messages.
   */
  constructor(options: OwnCallsOptions) {
    this.#options = options;
  }

  /**
   * Calls a node.
   *
   * @throws {NodeCallError} If it does not answer in time, or if too many calls
   *   wait.
   */
  async ask(to: Called, call: NodeCall): Promise<NodeAnswer> {
    if (this.#open >= MOST_CALLS) {
      throw new NodeCallError("Too many calls wait for other nodes; try again");
    }
    this.#open++;
    try {
      return await this.#askTwice(to, call);
    } finally {
      this.#open--;
    }
  }

  /** Takes the answer to a call. */
  take(message: Extract<NodeMessage, { answer: number }>): void {
    this.#waiting.get(message.answer)?.(message);
  }

  /** Asks for a long answer only if a short one is not enough. */
  async #askTwice(to: Called, call: NodeCall): Promise<NodeAnswer> {
    // What changes something is asked for once.
    if (call.method === "GET") {
      const { short } = MOST_ANSWER;
      const { isLong, result } = await this.#askOnce(to, call, short);
      if (isLong !== true) return result;
    }
    await this.#waitForSlot();
    try {
      return (await this.#askOnce(to, call, MOST_ANSWER.long)).result;
    } finally {
      this.#slots.release();
    }
  }

  async #waitForSlot(): Promise<void> {
    using patience = new Context();
    const deadline = setDeadline(PATIENCE, () => {
      patience.cancel(
        new NodeCallError("Too many long answers are under way; try again"),
      );
    });
    try {
      await this.#slots.acquire(patience);
    } finally {
      deadline.clear();
    }
  }

  async #askOnce(
    { id, node }: Called,
    call: NodeCall,
    most: number,
  ): Promise<BoundedAnswer> {
    const { own, role, send } = this.#options;
    const ask = ++this.#last;
    const answered = Promise.withResolvers<BoundedAnswer>();
    this.#waiting.set(ask, answered.resolve);
    try {
      const message = { ask, from: own.id, node: own.node, role, call, most };
      const sent = send(id, message).then((heard) => {
        if (heard === 0) throw new NodeCallError(`Node ${node} is gone`);
        return answered.promise;
      });
      const first = Promise.race([sent, answered.promise]);
      return await waitAtMost(PATIENCE, first, () => {
        throw new NodeCallError(`Node ${node} has not answered in 5 s`);
      });
    } finally {
      this.#waiting.delete(ask);
    }
  }
}
