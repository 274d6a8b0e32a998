/**
 * Listeners whose connections are certain to come back: every way that leads on
 * from one leads to another of the same program, and never out of it.
 *
 * @module
 */

import { OwnListeners } from "../../net/own_listeners.ts";
import { specialAnswer } from "../../net/names/special_names.ts";
import { formatAddr } from "../../net/unix_socket.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { type Endpoint, isUnixPath } from "../../wire/endpoint.ts";
import { parseIpAddress } from "../../wire/ip_address.ts";
import type { Parent } from "../../wire/parent_url.ts";
import type { UpstreamConfig } from "./route.ts";

/** A listener, and where what comes in by it goes. */
export interface Passage {
  /** Where it listens, as bound. */
  readonly addr: Deno.NetAddr;
  /**
   * Ways on, each with what is connected to first, then what that is asked to
   * connect to, and so on. `undefined` is wherever clients ask for.
   */
  readonly ways: readonly (readonly Endpoint[])[] | undefined;
}

/** A listener whose connections are certain to come back. */
export interface CertainLoop<P extends Passage> {
  /** The listener. */
  readonly passage: P;
  /** Names of listeners on the way; the last one comes twice. */
  readonly trace: readonly string[];
  /** What they are. */
  readonly passages: readonly P[];
}

/** Options that say where connections go. */
export interface PassageOptions {
  /** Chains of parents (default: none). */
  via?: readonly (readonly Parent[])[] | undefined;
  /** Upstreams of a relay; `undefined` is a proxy. */
  upstreams?: readonly UpstreamConfig[] | undefined;
  /** Whether rules may send some around the parents (default false). */
  isBypassed?: boolean;
}

/**
 * Makes the ways on out of options.
 *
 * @returns The ways; `undefined` is wherever clients ask for.
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
 * Tells whether rules may send some clients around the parents.
 *
 * @param rule Rules of the command line, or of a configuration.
 * @param file A file with rules, of which nothing is certain.
 * @returns Whether they may.
 */
export function rulesMayBypass(
  rule: readonly string[] = [],
  file?: string,
): boolean {
  return file !== undefined || rule.some((text) => /\bvia\b/.test(text));
}

/**
 * Finds what is certain to loop.
 *
 * @typeParam P What is known of a listener.
 * @param passages All listeners of a program.
 * @returns Those whose connections come back, whatever is chosen on the way.
 */
export function findLoops<P extends Passage>(
  passages: readonly P[],
): CertainLoop<P>[] {
  const map = new PassageMap(passages);
  const certain = new Set(passages.filter(({ ways = [] }) => ways.length > 0));
  // Whatever has one way out is taken out, until there is nothing to take.
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
 * Warns of what is certain to loop.
 *
 * @param passages All listeners of a server.
 * @param log Takes the warnings.
 */
export function warnOfLoops(
  passages: readonly Passage[],
  log: (event: LogEvent) => void,
): void {
  for (const loop of findLoops(passages)) {
    const message = `${loop.trace[0]}: ${describeLoop(loop)}`;
    log({ event: "message", level: "warning", code: "loop", message });
  }
}

/**
 * Tells whether a connection to an endpoint is certain to reach a listener.
 *
 * @param endpoint What is connected to; of names, only `localhost` is certain.
 * @returns Name of the listener; `undefined` where it is not one of them.
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

/** Listeners by where they listen. */
class PassageMap<P extends Passage> {
  readonly #listeners = new OwnListeners();
  readonly #byName = new Map<string, P>();

  constructor(passages: readonly P[]) {
    for (const passage of passages) {
      const { addr } = passage;
      const name = formatAddr(addr);
      // Nobody knows yet which port that will be.
      if (addr.port === 0 && name !== addr.hostname) continue;
      this.#listeners.enter(addr);
      this.#byName.set(name, passage);
    }
  }

  /** Where the ways of a listener lead to; `undefined` is out. */
  next({ ways = [] }: P): (P | undefined)[] {
    return ways.map((hops) => {
      for (const hop of hops) {
        const there = this.#find(hop);
        // A proxy without parents goes where the next hop is.
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
