/**
 * Finds listeners whose connections certainly come back: each of their paths
 * leads to another listener of the same program, and none leads out.
 *
 * @module
 */

import { OwnListeners } from "../../net/own_listeners.ts";
import { specialAnswer } from "../../net/names/special_names.ts";
import { formatAddr } from "../../net/unix_socket.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import { type Endpoint, isUnixPath } from "../../wire/endpoint.ts";
import { parseIpAddress } from "../../wire/ip_address.ts";
import type { Parent } from "../../wire/parent_url.ts";
import type { UpstreamConfig } from "./route.ts";

/** A listener and the destinations of its connections. */
export interface Passage {
  /** The bound address. */
  readonly addr: Deno.NetAddr;
  /**
   * The possible paths: each lists the next hop, then the hop after that, and
   * so on. `undefined` means any target that clients ask for.
   */
  readonly ways: readonly (readonly Endpoint[])[] | undefined;
}

/** A listener whose connections certainly come back. */
export interface CertainLoop<P extends Passage> {
  /** The listener. */
  readonly passage: P;
  /**
   * Names of the listeners in the loop; the last one repeats an earlier one.
   */
  readonly trace: readonly string[];
  /** The same listeners. */
  readonly passages: readonly P[];
}

/** Options that determine the destinations. */
export interface PassageOptions {
  /** Chains of parents (default: none). */
  via?: readonly (readonly Parent[])[] | undefined;
  /** Upstreams of a relay; `undefined` for a proxy. */
  upstreams?: readonly UpstreamConfig[] | undefined;
  /** Whether rules may bypass the parents (default false). */
  isBypassed?: boolean;
}

/**
 * Derives the paths from options.
 *
 * @returns The paths; `undefined` means any target that clients ask for.
 */
export function waysOf(
  { isBypassed = false, upstreams, via = [] }: PassageOptions,
): Passage["ways"] {
  const chains = via.map((parents) =>
    parents.map(({ host, port }): Endpoint => ({ host, port }))
  );
  if (upstreams === undefined) {
    return chains.length === 0 || isBypassed ? undefined : chains;
  }
  const ends = upstreams.map(({ endpoint }) => endpoint);
  if (chains.length === 0) return ends.map((end) => [end]);
  return chains.flatMap((chain) => ends.map((end) => [...chain, end]));
}

/**
 * Tells whether rules may bypass the parents.
 *
 * @param rule Rules from options.
 * @param file A file with rules, which can change.
 */
export function rulesMayBypass(
  rule: readonly string[] = [],
  file?: string,
): boolean {
  return file !== undefined || rule.some((text) => /\bvia\b/.test(text));
}

/**
 * Finds certain loops.
 *
 * @typeParam P Type of a listener's description.
 * @param passages All listeners of a program.
 * @returns The listeners whose connections come back on every path.
 */
export function findLoops<P extends Passage>(
  passages: readonly P[],
): CertainLoop<P>[] {
  const map = new PassageMap(passages);
  const certain = new Set(passages.filter(({ ways = [] }) => ways.length > 0));
  // Removes listeners with a path out, until none is left to remove.
  for (let size = Infinity; certain.size < size;) {
    size = certain.size;
    for (const passage of certain) {
      const isOut = map.next(passage).some((next) =>
        next === undefined || !certain.has(next)
      );
      if (isOut) certain.delete(passage);
    }
  }
  return [...certain].map((passage) => map.trace(passage));
}

/**
 * Describes a loop.
 *
 * @returns One line without the listener's name.
 */
export function describeLoop({ trace }: CertainLoop<Passage>): string {
  return `every connection would loop (${
    trace.join(" > ")
  }) and Sluice would refuse it; change the target of one of them`;
}

/**
 * Warns of certain loops.
 *
 * @param passages All listeners of a server.
 * @param log Receives the warnings.
 */
export function warnOfLoops(
  passages: readonly Passage[],
  log: (event: LogEvent) => void,
): void {
  for (const loop of findLoops(passages)) {
    const message = `${loop.trace[0]}: ${describeLoop(loop)}`;
    log(messageEvent("warning", "loop", message));
  }
}

/**
 * Tells whether a connection to an endpoint certainly reaches a listener.
 *
 * @param endpoint The endpoint; the only certain name is `localhost`.
 * @returns The listener's name; `undefined` if it reaches none.
 */
export function leadsTo(
  endpoint: Endpoint,
  listeners: OwnListeners,
): string | undefined {
  if (isUnixPath(endpoint)) return listeners.atPath(endpoint.path);
  const { host, port } = endpoint;
  const ip = parseIpAddress(host);
  const addresses = ip === undefined
    ? specialAnswer(host.toLowerCase())?.addresses ?? []
    : [ip];
  return addresses.map((ip) => listeners.at(ip, port))
    .find((name) => name !== undefined);
}

/** Listeners by address. */
class PassageMap<P extends Passage> {
  readonly #listeners = new OwnListeners();
  readonly #byName = new Map<string, P>();

  constructor(passages: readonly P[]) {
    for (const passage of passages) {
      const { addr } = passage;
      const name = formatAddr(addr);
      // Port 0: the real port is not known yet.
      if (addr.port === 0 && name !== addr.hostname) continue;
      this.#listeners.enter(addr);
      this.#byName.set(name, passage);
    }
  }

  /** The next listener of each path; `undefined` leads out. */
  next({ ways = [] }: P): (P | undefined)[] {
    return ways.map((hops) => {
      for (const hop of hops) {
        const there = this.#find(hop);
        // A proxy without parents connects to the following hop.
        if (there === undefined || there.ways !== undefined) return there;
      }
      return undefined;
    });
  }

  trace(passage: P): CertainLoop<P> {
    const passages = [passage];
    while (true) {
      const next = this.next(passages.at(-1)!)[0]!;
      const isBack = passages.includes(next);
      passages.push(next);
      if (isBack) break;
    }
    const trace = passages.map(({ addr }) => formatAddr(addr));
    return { passage, trace, passages };
  }

  #find(hop: Endpoint): P | undefined {
    const name = leadsTo(hop, this.#listeners);
    return name === undefined ? undefined : this.#byName.get(name);
  }
}
