/**
 * Other proxies to go through: chains of them, several for when one fails, and
 * groups of those that rules can choose by name.
 *
 * @module
 */

import { type Chained, type ChainOptions, dialChain } from "../../net/chain.ts";
import {
  associateChain,
  type AssociateOptions,
  type ParentAssociation,
} from "../../net/udp/parent_association.ts";
import type { Connection } from "../../net/connection.ts";
import { DialError } from "../../net/dial_error.ts";
import type { HopTarget } from "../../net/hop.ts";
import {
  Balancer,
  type BalancerOptions,
  type Candidate,
} from "../../policy/limits/balancer.ts";
import { clientKey } from "../../policy/limits/client_key.ts";
import { onClose } from "../../net/on_close.ts";
import type { Trail } from "../../net/own_listeners.ts";
import type { UpstreamHealth } from "../../policy/limits/upstream_health.ts";
import type { Context } from "../../sync/context.ts";
import { formatParent, type Parent } from "../../wire/parent_url.ts";
import { loopOf } from "./loops.ts";

/** Name by which rules say that no parent is to be gone through. */
export const DIRECT = "direct";

/** A connection through parents. */
export interface ThroughParents extends Chained {
  /** Which way it goes, without credentials. */
  readonly way: string;
  /** The parent that it ends at; `undefined` if it leads to the target. */
  readonly relay: Relay | undefined;
}

/** Datagrams through parents. */
export interface AssociatedParents {
  /** What they go through. */
  readonly association: ParentAssociation;
  /** Which way they go, without credentials. */
  readonly way: string;
}

/**
 * An HTTP parent at the end of a chain, on a connection that carries whole
 * requests, to whatever targets, and is never a tunnel.
 */
export interface Relay {
  /** The chain that the connection goes through. */
  readonly chain: ParentChain;
  /** The last parent of the chain. */
  readonly parent: Parent;
}

/** Chains that were tried for one request, and why the last of them failed. */
export class ParentTries {
  /** The chains, which are not chosen again. */
  readonly chains = new Set<ParentChain>();
  /** What to throw when no other is left. */
  failure: unknown = new DialError("parent failed", "No parent is up");
}

/** A request that an HTTP parent may get whole. */
export interface WholeRequest {
  /** What was tried for it before. */
  readonly tries: ParentTries;
  /** Takes an idle connection that ends at the last parent of a chain. */
  takeIdle(chain: ParentChain): Chained | undefined;
}

/** Whom a connection is for. */
export interface ParentClient {
  /** Address of the client. */
  readonly client: string;
  /** Gives up when cancelled. */
  readonly context: Context;
  /** Listeners of ours that it is on its way through (default: none). */
  readonly trail?: Trail;
}

/** A chain of parents, the nearest first. */
export class ParentChain implements Candidate {
  readonly name: string;
  /** The parents, the nearest first. */
  readonly parents: readonly Parent[];
  readonly weight = 1;
  readonly isBackup = false;
  readonly health: UpstreamHealth;
  /** The last parent, if it speaks HTTP and so takes whole requests. */
  readonly httpEnd: Parent | undefined;
  #connections = 0;

  /**
   * Creates a chain nothing is known of.
   *
   * @param parents The parents, one at least.
   * @param health Whether the chain is up.
   */
  constructor(parents: readonly Parent[], health: UpstreamHealth) {
    this.parents = parents;
    this.name = parents.map(formatParent).join(",");
    const last = parents.at(-1)!;
    this.httpEnd = last.scheme.startsWith("http") ? last : undefined;
    this.health = health;
  }

  /** Connections that go through it. */
  get connections(): number {
    return this.#connections;
  }

  /** Counts a connection that goes through it, until that is closed. */
  count(connection: Connection): void {
    this.#connections++;
    onClose(connection, () => this.#connections--);
  }
}

/** Told when a chain goes down, with the reason, or comes up again. */
export type OnParentHealth = (chain: ParentChain, why: string) => void;

/** Chains of which one is as good as another. */
export class ParentGroup {
  readonly #balancer: Balancer<ParentChain>;
  readonly #options: AssociateOptions;
  readonly #onHealth: OnParentHealth;

  /**
   * Creates a group.
   *
   * @param chains The chains, one at least.
   * @param options How what is outside is reached, and how one is chosen
   *   (default: the first that is up).
   */
  constructor(
    chains: readonly ParentChain[],
    options: AssociateOptions & BalancerOptions & { onHealth: OnParentHealth },
  ) {
    this.#balancer = new Balancer(chains, { method: "first", ...options });
    this.#options = options;
    this.#onHealth = options.onHealth;
  }

  /**
   * Connects to a target through one of the chains: the next is tried where a
   * parent of one fails, but not where it says that the target does. A chain is
   * as good as its parents are until the last one learns of the target. How it
   * ends then tells nothing of the chain: a parent may close for one target and
   * serve all others, and no client may talk others out of it.
   *
   * @param client Whom for.
   * @param request The request that the connection is for, if the last parent
   *   may get it whole; otherwise it is asked for a tunnel.
   * @returns The connection; the caller closes it.
   * @throws {DialError} If it can't be reached.
   * @throws {Refusal} `loop`, where the parents are listeners on its way.
   */
  async dial(
    target: HopTarget,
    client: ParentClient,
    request?: WholeRequest,
  ): Promise<ThroughParents> {
    return await this.#through(
      client,
      (chain, options) => dialThrough(chain, target, client, options, request),
      request?.tries,
    );
  }

  /**
   * Has one of the chains relay datagrams: the next is tried if a parent of one
   * fails or can't.
   *
   * @param client Whom for.
   * @returns The association and which way it goes; the caller closes it.
   * @throws {DialError} `no udp` if none can, though one was reached.
   * @throws {Refusal} `loop`, where the parents are listeners on its way.
   */
  async associate(client: ParentClient): Promise<AssociatedParents> {
    return await this.#through(client, async (chain, options) => {
      const { context } = client;
      const { name: way, parents } = chain;
      const association = await associateChain(parents, context, options);
      chain.count(association.connection);
      return { association, way };
    });
  }

  /** Tries one chain after the other, and notes how each of them is. */
  async #through<T>(
    client: ParentClient,
    open: (chain: ParentChain, options: AssociateOptions) => Promise<T>,
    tries: ParentTries = new ParentTries(),
  ): Promise<T> {
    while (true) {
      const key = clientKey(client.client);
      const chain = this.#balancer.choose(key, tries.chains);
      if (chain === undefined) throw tries.failure;
      tries.chains.add(chain);
      let isAsked = false;
      const onAsked = () => {
        isAsked = true;
        if (chain.health.succeed()) this.#onHealth(chain, "");
      };
      const options = { ...this.#options, trail: client.trail, onAsked };
      try {
        return await open(chain, options);
      } catch (error) {
        const loop = loopOf(error);
        // It tells of this client's trail alone: the parent is as good as before.
        const isParents = loop === undefined && isOfParents(error);
        const isDown = isParents && error.kind !== "no udp";
        if (!isAsked) this.#judge(chain, isDown ? error : undefined);
        if (loop === undefined && !isParents) throw error;
        // What a parent can't do, it can't do later either: that is told.
        if (!isNoUdp(tries.failure)) tries.failure = loop ?? error;
      }
    }
  }

  /** Notes how a chain has failed that did not come to ask for the target. */
  #judge(chain: ParentChain, error: Error | undefined): void {
    if (error === undefined) chain.health.abstain();
    else if (chain.health.fail()) this.#onHealth(chain, error.message);
  }
}

/** A request that may go whole ends at the last parent, if that speaks HTTP. */
async function dialThrough(
  chain: ParentChain,
  target: HopTarget,
  { context }: ParentClient,
  options: ChainOptions,
  request: WholeRequest | undefined,
): Promise<ThroughParents> {
  const { name: way, parents, httpEnd: parent } = chain;
  const isWhole = request !== undefined && parent !== undefined;
  if (!isWhole) {
    const chained = await dialChain(parents, target, context, options);
    chain.count(chained.connection);
    return { ...chained, way, relay: undefined };
  }
  let chained = request.takeIdle(chain);
  if (chained === undefined) {
    chained = await dialChain(parents, undefined, context, options);
    chain.count(chained.connection);
  }
  options.onAsked?.();
  return { ...chained, way, relay: { chain, parent } };
}

/** Whether another chain may do better, since the target has said nothing. */
function isOfParents(error: unknown): error is DialError {
  return error instanceof DialError &&
    ["no udp", "parent failed", "parent timeout"].includes(error.kind);
}

function isNoUdp(error: unknown): boolean {
  return error instanceof DialError && error.kind === "no udp";
}

/** All groups of parents of a program. */
export class Parents {
  readonly #default: ParentGroup | undefined;
  readonly #groups: ReadonlyMap<string, ParentGroup>;

  /**
   * Puts groups together.
   *
   * @param groups Groups by the names that rules know them by.
   * @param fallback Where nothing else is said; `undefined` is no parent.
   */
  constructor(
    groups: ReadonlyMap<string, ParentGroup>,
    fallback: ParentGroup | undefined,
  ) {
    this.#groups = groups;
    this.#default = fallback;
  }

  /** Whether everything goes through parents that no rule says to go direct. */
  get isDefault(): boolean {
    return this.#default !== undefined;
  }

  /**
   * Finds the parents to go through.
   *
   * @param via What the rule says; `undefined` where it says nothing.
   * @returns The group; `undefined` is none.
   */
  find(via: string | undefined): ParentGroup | undefined {
    if (via === DIRECT) return undefined;
    return via === undefined ? this.#default : this.#groups.get(via);
  }
}
