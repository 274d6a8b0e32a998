/**
 * Chooses the upstream for the next connection.
 *
 * @module
 */

import type { UpstreamHealth } from "./upstream_health.ts";

/** Methods of choosing. */
export const BALANCE_METHODS = [
  "first",
  "round-robin",
  "least-connections",
  "random",
  "source",
] as const;

/** A method of choosing. */
export type BalanceMethod = typeof BALANCE_METHODS[number];

/** The properties of an upstream that the choice needs. */
export interface Candidate {
  /** Unique name that survives restarts. */
  readonly name: string;
  /** Relative share of the connections, 1 to 1000. */
  readonly weight: number;
  /** Whether to use it only if no other upstream is up. */
  readonly isBackup: boolean;
  /** Whether it is up. */
  readonly health: UpstreamHealth;
  /** Sluice's current connections to it. */
  readonly connections: number;
}

/** Options for {@linkcode Balancer}. */
export interface BalancerOptions {
  /** How to choose (default `round-robin`). */
  method?: BalanceMethod;
  /**
   * Milliseconds until an upstream that came up gets its full share (default
   * 0).
   */
  slowStart?: number;
  /** Returns the time in milliseconds (default `performance.now`). */
  now?: () => number;
  /** Returns a number from 0 to below 1 (default `Math.random`). */
  random?: () => number;
}

/** Smallest fraction of its share during the slow start. */
const LEAST_SHARE = 0.1;

/** Chooses among upstreams that are up. */
export class Balancer<T extends Candidate> {
  readonly #candidates: readonly T[];
  readonly #choose: (candidates: readonly T[], client: string) => T;
  readonly #slowStart: number;
  readonly #now: () => number;
  readonly #random: () => number;
  /** How far each upstream is behind its share, for `round-robin`. */
  readonly #credit = new Map<T, number>();

  /**
   * Creates a balancer.
   *
   * @param candidates The upstreams, at least one.
   * @param options Method and slow start.
   */
  constructor(candidates: readonly T[], options: BalancerOptions = {}) {
    const { method = "round-robin", slowStart = 0 } = options;
    this.#candidates = candidates;
    this.#slowStart = slowStart;
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    const choices: Record<BalanceMethod, (of: readonly T[], by: string) => T> =
      {
        "first": (of) => of[0]!,
        "round-robin": (of) => this.#inTurn(of),
        "least-connections": (of) => this.#leastConnections(of),
        "random": (of) => this.#ofTwo(of),
        "source": (of, client) => this.#bySource(of, client),
      };
    this.#choose = choices[method];
  }

  /**
   * Chooses an upstream. It skips upstreams that are down, unless one is due
   * for another try, and uses backups only if no other is left.
   *
   * @param client Identity of the client, for `source`.
   * @param tried Upstreams to skip.
   * @returns The upstream; `undefined` if none is left.
   */
  choose(client: string, tried: ReadonlySet<T> = new Set()): T | undefined {
    const left = this.#candidates.filter((one) => !tried.has(one));
    return this.#among(left.filter(({ isBackup }) => !isBackup), client) ??
      this.#among(left.filter(({ isBackup }) => isBackup), client);
  }

  #among(candidates: readonly T[], client: string): T | undefined {
    const retried = candidates.find(({ health }) =>
      !health.isUp && health.mayTry()
    );
    if (retried !== undefined) return retried;
    const up = candidates.filter(({ health }) => health.isUp);
    if (up.length < 2) return up[0];
    return this.#choose(up, client);
  }

  /** The current share of an upstream. */
  #share({ weight, health }: T): number {
    if (this.#slowStart === 0) return weight;
    const part = (this.#now() - health.upSince) / this.#slowStart;
    return weight * Math.min(1, Math.max(LEAST_SHARE, part));
  }

  /**
   * Smooth: weights 5, 1, 1 give a a b a c a a, never five in a row (as nginx).
   */
  #inTurn(candidates: readonly T[]): T {
    let total = 0;
    let best = candidates[0]!;
    for (const one of candidates) {
      const share = this.#share(one);
      total += share;
      this.#credit.set(one, (this.#credit.get(one) ?? 0) + share);
      if (this.#credit.get(one)! > this.#credit.get(best)!) best = one;
    }
    this.#credit.set(best, this.#credit.get(best)! - total);
    return best;
  }

  /**
   * Breaks ties in turn, because the first would otherwise get all connections
   * after many end together.
   */
  #leastConnections(candidates: readonly T[]): T {
    const load = (one: T) => (one.connections + 1) / this.#share(one);
    const least = Math.min(...candidates.map(load));
    return this.#inTurn(candidates.filter((one) => load(one) === least));
  }

  /** Of two random upstreams, the one with less load (Mitzenmacher 2001). */
  #ofTwo(candidates: readonly T[]): T {
    const first = this.#draw(candidates);
    const second = this.#draw(candidates.filter((one) => one !== first));
    const load = (one: T) => (one.connections + 1) / this.#share(one);
    return load(second) < load(first) ? second : first;
  }

  #draw(candidates: readonly T[]): T {
    const total = candidates.reduce((sum, one) => sum + this.#share(one), 0);
    let left = this.#random() * total;
    for (const one of candidates) {
      left -= this.#share(one);
      if (left < 0) return one;
    }
    return candidates.at(-1)!;
  }

  /**
   * Highest random weight (Thaler, Ravishankar 1998): when an upstream goes,
   * only its own clients move.
   */
  #bySource(candidates: readonly T[], client: string): T {
    const score = (one: T) =>
      -this.#share(one) / Math.log(hash(`${one.name} ${client}`));
    return candidates.reduce((best, one) =>
      score(one) > score(best) ? one : best
    );
  }
}

/** FNV-1a with a final mix, as a number between 0 and 1. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) {
    sum = Math.imul(sum ^ text.charCodeAt(n), 0x01000193);
  }
  sum = Math.imul(sum ^ sum >>> 16, 0x85ebca6b);
  sum = Math.imul(sum ^ sum >>> 13, 0xc2b2ae35);
  return (((sum ^ sum >>> 16) >>> 0) + 0.5) / 2 ** 32;
}
