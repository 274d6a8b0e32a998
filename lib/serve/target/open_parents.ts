/**
 * Creates the parents from their settings.
 *
 * @module
 */

import { dialHostOn } from "./loops.ts";
import { ParentChain, ParentGroup, Parents } from "./parents.ts";
import type { StartTls } from "../../net/chain.ts";
import { isOwnAddress } from "../../net/own_addresses.ts";
import type { AssociateOptions } from "../../net/udp/parent_association.ts";
import { refusedRange } from "../../policy/rules/address_guard.ts";
import type { OutgoingAddresses } from "../../net/outgoing.ts";
import type { Resolver } from "../../net/names/resolver.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import type { BalanceMethod } from "../../policy/limits/balancer.ts";
import { UpstreamHealth } from "../../policy/limits/upstream_health.ts";
import { parseHost } from "../../wire/host_name.ts";
import type { Parent } from "../../wire/parent_url.ts";
import { healthChange } from "../health_change.ts";
import type { NamedChain } from "../options/parents.ts";

/** Settings of parents. */
export interface ParentConfig {
  /** Default chains; one replaces another that fails. */
  via?: readonly (readonly Parent[])[];
  /** Chains that rules select by name. */
  named?: readonly NamedChain[];
  /** Selection of the next chain (default `first`). */
  method?: BalanceMethod;
}

/** Services for connections to parents. */
export interface ParentSurroundings {
  /** Resolves parents' names. */
  resolver: Resolver;
  /** Source addresses. */
  outgoing: OutgoingAddresses;
  /** Time limit in milliseconds for a connection through a whole chain. */
  timeout: number;
  /** Negotiates TLS with an `https` parent. */
  startTls?: StartTls | undefined;
  /** Receives log events. */
  log: (event: LogEvent) => void;
}

/** A chain that fails this often in a row is skipped for a while. */
const HEALTH = { rise: 1, fall: 3, retryAfter: 10_000 } as const;

/**
 * Tells whether a parent uses TLS.
 *
 * @param config Settings of parents.
 */
export function needsTls({ via = [], named = [] }: ParentConfig): boolean {
  const chains = [...via, ...named.map(({ parents }) => parents)];
  return chains.flat().some(({ scheme }) => scheme === "https");
}

/**
 * Creates the parents.
 *
 * @param config Settings of parents.
 * @param surroundings Services for their connections.
 * @returns The parents; `undefined` if there are none.
 */
export function openParents(
  { via = [], named = [], method = "first" }: ParentConfig,
  surroundings: ParentSurroundings,
): Parents | undefined {
  if (via.length === 0 && named.length === 0) return undefined;
  const options = {
    ...chainOptions(surroundings),
    method,
    onHealth: (chain: ParentChain, why: string) =>
      surroundings.log(healthChange("Parent", chain, why)),
  };
  const groupOf = (chains: readonly (readonly Parent[])[]) =>
    new ParentGroup(
      chains.map((parents) => new ParentChain(parents, healthOf(chains))),
      options,
    );
  const byName = Map.groupBy(named, ({ name }) => name);
  const groups = new Map(
    [...byName].map(([name, chains]) =>
      [name, groupOf(chains.map(({ parents }) => parents))] as const
    ),
  );
  return new Parents(groups, via.length === 0 ? undefined : groupOf(via));
}

/** A single chain is always tried: its failure is the answer. */
function healthOf({ length }: readonly unknown[]): UpstreamHealth {
  return new UpstreamHealth(
    length === 1 ? { ...HEALTH, retryAfter: 0 } : HEALTH,
  );
}

function chainOptions(
  { outgoing, resolver, startTls, timeout }: ParentSurroundings,
): AssociateOptions {
  return {
    timeout,
    rangeOf: (ip) => refusedRange(ip, isOwnAddress),
    dial: (host, port, context, trail) =>
      dialHostOn({ host: parseHost(host), port }, context, {
        resolver,
        timeout,
        outgoing,
        trail,
      }),
    resolve: (name, context, needed) => resolver.resolve(name, context, needed),
    startTls,
  };
}
