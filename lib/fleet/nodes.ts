/**
 * The machines of a fleet. Each stores its facts in Redis. Calls from one to
 * another go through channels and are not stored.
 *
 * ```text
 * nodes      sorted set: id -> time of its last report
 * facts      hash: id -> JSON of its facts
 * to:ID      channel of one node: calls to it, and answers to its own calls
 * ```
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type AnswerNode,
  type FleetNode,
  type FleetNodes,
  type FleetRole,
  type NodeAnswer,
  type NodeCall,
  NodeCallError,
  type NodeFacts,
} from "../serve/counts/fleet_nodes.ts";
import { quote } from "../wire/quote.ts";
import { MOST_ANSWER, OwnCalls } from "./own_calls.ts";
import type { FleetKeys } from "./keys.ts";
import type { Link } from "./link.ts";
import { LoadMeter } from "./load_meter.ts";
import {
  type BoundedAnswer,
  type NodeMessage,
  parseMessage,
  parseNode,
} from "./node_text.ts";
import type { Incarnation } from "./pulse.ts";
import { fleetScript } from "./script.ts";

/** Milliseconds for which a list is used again. */
const FRESH = 1_000;

/** Most nodes in a list. */
const MOST_NODES = 1_000;

/** Most calls that this node answers at a time. */
const MOST_ANSWERING = 64;

const LIST = fleetScript(`
local seen = redis.call('ZREVRANGE', KEYS[1], 0, ${
  MOST_NODES - 1
}, 'WITHSCORES')
local nodes = {}
for index = 1, #seen, 2 do
  local facts = redis.call('HGET', KEYS[2], seen[index])
  if facts then
    table.insert(nodes, { seen[index], string.format('%.0f', now - seen[index + 1]), facts })
  end
end
return nodes
`);

/** Sends a message. Its reply is the number of nodes that received it. */
const SEND = fleetScript(`
return redis.call('PUBLISH', KEYS[1], ARGV[1])
`);

/** The reply of {@linkcode LIST} for each node. */
type Listed = [id: string, silent: string, facts: string];

/** The state that {@linkcode LinkedNodes} needs. */
export interface NodesContext {
  /** The link, for calls. */
  readonly link: Pick<Link, "run">;
  /** Names of keys. */
  readonly keys: FleetKeys;
  /** This run of the program. */
  readonly own: Incarnation;
  /** Role of this node. */
  readonly role: FleetRole;
}

/** The machines of a fleet, reached through Redis. */
export class LinkedNodes implements FleetNodes {
  readonly #context: NodesContext;
  readonly #calls: OwnCalls;
  readonly #meter = new LoadMeter();
  #facts: (() => NodeFacts) | undefined;
  #answer: AnswerNode | undefined;
  #answering = 0;
  #list: Promise<readonly FleetNode[]> | undefined;
  /** Time of `performance.now()` until which the list is used again. */
  #goodUntil = 0;

  /**
   * Creates an object that sends nothing yet.
   *
   * @param context The link and this node.
   */
  constructor(context: NodesContext) {
    this.#context = context;
    const { own, role } = context;
    this.#calls = new OwnCalls({ own, role, send: this.#send.bind(this) });
  }

  /** Returns the channel with messages for a node. */
  static channel(keys: FleetKeys, id: string): string {
    return keys.of("to", id);
  }

  /** Name of this node. */
  get own(): string {
    return this.#context.own.node;
  }

  /** Role of this node. */
  get role(): FleetRole {
    return this.#context.role;
  }

  /** Facts to report to the others now; empty before {@linkcode report}. */
  facts(): Record<string, unknown> {
    const facts = this.#facts?.();
    if (facts === undefined) return {};
    const { role } = this.#context;
    const isAnswering = this.#answer !== undefined;
    return {
      ...facts,
      ...this.#meter.measure(facts.totals),
      role,
      isAnswering,
    };
  }

  report(facts: () => NodeFacts): void {
    this.#facts = facts;
  }

  answer(answer: AnswerNode): void {
    this.#answer = answer;
  }

  list(): Promise<readonly FleetNode[]> {
    // Many viewers share one call a second.
    const now = performance.now();
    if (this.#list !== undefined && now < this.#goodUntil) return this.#list;
    this.#goodUntil = now + FRESH;
    const list = this.#list = this.#readList();
    list.catch(() => {
      if (this.#list === list) this.#list = undefined;
    });
    return list;
  }

  async call(name: string, call: NodeCall): Promise<NodeAnswer> {
    const found = find(await this.list(), name);
    if (found === undefined) {
      throw new NodeCallError(`No node is named ${quote(name)}`, true);
    }
    const { isAnswering, isLost, node, id } = found;
    if (isLost) throw new NodeCallError(`Node ${node} is lost`);
    if (!isAnswering) {
      throw new NodeCallError(`Node ${node} has no admin listener (--admin)`);
    }
    return await this.#calls.ask({ id, node }, call);
  }

  /**
   * Takes a message from the channel of this node.
   *
   * @param text The message.
   */
  hear(text: string): void {
    const message = parseMessage(text);
    if (message === undefined) return;
    if ("answer" in message) {
      this.#calls.take(message);
    } else void this.#serve(message);
  }

  async #readList(): Promise<readonly FleetNode[]> {
    const { keys } = this.#context;
    const all = await this.#run(LIST, [
      keys.of("nodes"),
      keys.of("facts"),
    ]) as Listed[];
    return all
      .flatMap(([id, silent, facts]) =>
        parseNode(id, Number(silent), facts) ?? []
      )
      .sort((a, b) => a.node < b.node ? -1 : a.node > b.node ? 1 : 0);
  }

  /** Answers a call of another node. */
  async #serve(
    { ask, call, from, most = MOST_ANSWER.long, node, role }: Extract<
      NodeMessage,
      { ask: number }
    >,
  ): Promise<void> {
    const answered = this.#answering < MOST_ANSWERING
      ? await this.#answerOne(call, { most, node, role })
      : { result: busy("It answers too many calls; try again") };
    try {
      await this.#send(from, { answer: ask, ...answered });
    } catch {
      // Redis is unreachable; the caller's wait ends with its own error.
    }
  }

  async #answerOne(
    call: NodeCall,
    { most, node, role }: { most: number; node: string; role: FleetRole },
  ): Promise<BoundedAnswer> {
    const answer = this.#answer;
    if (answer === undefined) {
      return { result: busy("It has no admin listener (--admin)") };
    }
    this.#answering++;
    try {
      const result = await answer(call, { node, role });
      const length = Buffer.byteLength(JSON.stringify(result));
      if (length <= Math.min(most, MOST_ANSWER.long)) return { result };
      return {
        result: busy(
          "Its answer is too long; use a filter, or a smaller limit",
        ),
        isLong: true,
      };
    } finally {
      this.#answering--;
    }
  }

  async #send(id: string, message: NodeMessage): Promise<number> {
    const channel = LinkedNodes.channel(this.#context.keys, id);
    const text = JSON.stringify(message);
    return await this.#run(SEND, [channel], [text]) as number;
  }

  async #run(
    script: typeof LIST,
    keys: string[],
    args: string[] = [],
  ): Promise<unknown> {
    try {
      return await this.#context.link.run(script, keys, args);
    } catch (error) {
      const { message } = error as Error;
      throw new NodeCallError(`Redis cannot be asked: ${message}`);
    }
  }
}

/** Finds a node by its id, or the latest start of a node with this name. */
function find(
  nodes: readonly FleetNode[],
  name: string,
): FleetNode | undefined {
  return nodes.find(({ id }) => id === name) ??
    nodes.filter(({ node }) => node === name)
      .sort((a, b) => a.silent - b.silent)[0];
}

function busy(message: string): NodeAnswer {
  return { status: 503, json: { error: { code: "busy", message } } };
}
