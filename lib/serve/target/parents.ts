/**
 * Other proxies to go through: chains of parents, and groups of interchangeable
 * chains that rules select by name.
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
import type { Destination } from "../../wire/host_name.ts";
import { formatParent, type Parent } from "../../wire/parent_url.ts";
import { loopOf } from "./loops.ts";

/** The name for no parent in rules. */
export const DIRECT = "direct";

/** A connection through parents. */
export interface ThroughParents extends Chained {
  /** The parents on its path, without credentials. */
  readonly way: string;
  /** The parent at its end; `undefined` if it leads to the target. */
  readonly relay: Relay | undefined;
}

/** Datagrams through parents. */
export interface AssociatedParents {
  /** The association. */
  readonly association: ParentAssociation;
  /** The parents on their path, without credentials. */
  readonly way: string;
}

/**
 * An HTTP parent at the end of a connection that carries whole requests to any
 * targets and is never a tunnel.
 */
export interface Relay {
  /** The chain of the connection. */
  readonly chain: ParentChain;
  /** The last parent of the chain. */
  readonly parent: Parent;
}

/** The chains tried for one request, and the last failure. */
export class ParentTries {
  /** The tried chains, which are not selected again. */
  readonly chains = new Set<ParentChain>();
  /** The error to throw when no chain is left. */
  failure: unknown = new DialError("parent failed", "No parent is up");
}

/** A request that an HTTP parent may receive whole. */
export interface WholeRequest {
  /** Earlier attempts for it. */
  readonly tries: ParentTries;
  /** Takes an idle connection that ends at the last parent of a chain. */
  takeIdle(chain: ParentChain): Chained | undefined;
}

/** The client of a connection. */
export interface ParentClient {
  /** Address of the client. */
  readonly client: string;
  /** Gives up when cancelled. */
  readonly context: Context;
  /** Listeners of this program on its path (default: none). */
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
   * Creates a chain of unknown health.
   *
   * @param parents At least one parent, the nearest first.
   * @param health Whether the chain is up.
   */
  constructor(parents: readonly Parent[], health: UpstreamHealth) {
    this.parents = parents;
    this.name = parents.map(formatParent).join(",");
    const last = parents.at(-1)!;
    this.httpEnd = last.scheme.startsWith("http") ? last : undefined;
    this.health = health;
  }

  /** Number of its connections. */
  get connections(): number {
    return this.#connections;
  }

  /** Counts a connection until it is closed. */
  count(connection: Connection): void {
    this.#connections++;
    onClose(connection, () => this.#connections--);
  }
}

/** Called when a chain goes down, with the reason, or comes up again. */
export type OnParentHealth = (chain: ParentChain, why: string) => void;

/** A group of interchangeable chains. */
export class ParentGroup {
  readonly #balancer: Balancer<ParentChain>;
  readonly #options: AssociateOptions;
  readonly #onHealth: OnParentHealth;

  /**
   * Creates a group.
   *
   * @param chains At least one chain.
   * @param options How to connect, and how to select a chain (default: the
   *   first that is up).
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
   * Connects to a target through one of the chains. If a parent fails, the next
   * chain is tried, but not if the parent reports that the target failed. The
   * health of a chain only depends on what happens before its last parent
   * learns of the target: a parent may close the connection for one target and
   * serve all others, and no client may disable a chain for others.
   *
   * @param request The request that the connection is for, if the last parent
   *   may get it whole; otherwise it is asked for a tunnel.
   * @returns The connection; the caller closes it.
   * @throws {DialError} If it can't be reached.
   * @throws {Refusal} `loop`, if the parents are listeners on its path.
   */
  async dial(
    target: Destination,
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
   * Asks one of the chains to relay datagrams. If a parent fails or can't, the
   * next chain is tried.
   *
   * @returns The association and its path; the caller closes it.
   * @throws {DialError} `no udp` if no reached chain can relay datagrams.
   * @throws {Refusal} `loop`, if the parents are listeners on its path.
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

  /** Tries the chains in turn, and records the health of each. */
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
        // A loop concerns only this client: the parent's health is unchanged.
        const isParents = loop === undefined && isOfParents(error);
        const isDown = isParents && error.kind !== "no udp";
        if (!isAsked) this.#judge(chain, isDown ? error : undefined);
        if (loop === undefined && !isParents) throw error;
        // A parent that can't relay datagrams never can, so the caller learns
        // it.
        if (!isNoUdp(tries.failure)) tries.failure = loop ?? error;
      }
    }
  }

  /** Records a chain's failure before it asked for the target. */
  #judge(chain: ParentChain, error: Error | undefined): void {
    if (error === undefined) chain.health.abstain();
    else if (chain.health.fail()) this.#onHealth(chain, error.message);
  }
}

/** A whole request ends at the last parent, if it is an HTTP proxy. */
async function dialThrough(
  chain: ParentChain,
  target: Destination,
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

/** Whether another chain may succeed, because the target was not reached. */
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
   * Creates the parents.
   *
   * @param groups Groups by their names in rules.
   * @param fallback The default group; `undefined` for no parent.
   */
  constructor(
    groups: ReadonlyMap<string, ParentGroup>,
    fallback: ParentGroup | undefined,
  ) {
    this.#groups = groups;
    this.#default = fallback;
  }

  /** Whether connections go through parents by default. */
  get isDefault(): boolean {
    return this.#default !== undefined;
  }

  /**
   * Finds a group.
   *
   * @param via The name in the rule; `undefined` without `via`.
   * @returns The group; `undefined` for no parent.
   */
  find(via: string | undefined): ParentGroup | undefined {
    if (via === DIRECT) return undefined;
    return via === undefined ? this.#default : this.#groups.get(via);
  }
}
