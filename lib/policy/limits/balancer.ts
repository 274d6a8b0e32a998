/**
 * Which of several upstreams gets the next connection.
 *
 * @module
 */

import type { UpstreamHealth } from "./upstream_health.ts";

/** Ways to choose. */
export const BALANCE_METHODS = [
  "first",
  "round-robin",
  "least-connections",
  "random",
  "source",
] as const;

/** A way to choose. */
export type BalanceMethod = typeof BALANCE_METHODS[number];

/** An upstream as the choice sees it. */
export interface Candidate {
  /** Tells it from the others, and stays the same over restarts. */
  readonly name: string;
  /** Its share, 1 to 1000. */
  readonly weight: number;
  /** Whether it is for when no other is up. */
  readonly isBackup: boolean;
  /** Whether it is up. */
  readonly health: UpstreamHealth;
  /** Connections that it has through us. */
  readonly connections: number;
}

/** Options for {@linkcode Balancer}. */
export interface BalancerOptions {
  /** How to choose (default `round-robin`). */
  method?: BalanceMethod;
  /** Milliseconds in which one that came up gets its share (default 0). */
  slowStart?: number;
  /** Tells the time, in milliseconds (default `performance.now`). */
  now?: () => number;
  /** Gives a number from 0 to below 1 (default `Math.random`). */
  random?: () => number;
}

/** Least part of its share that one in its slow start gets. */
const LEAST_SHARE = 0.1;

/** Chooses among candidates that are up. */
export class Balancer<T extends Candidate> {
  readonly #candidates: readonly T[];
  readonly #choose: (candidates: readonly T[], client: string) => T;
  readonly #slowStart: number;
  readonly #now: () => number;
  readonly #random: () => number;
  /** How far each is behind its share, for `round-robin`. */
  readonly #credit = new Map<T, number>();

  /**
   * Creates a balancer.
   *
   * @param candidates The upstreams, one at least.
   * @param options How to choose.
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
   * Chooses one. Those that are down are left out, unless it is time to try one
   * again; backups are taken only where no other is left.
   *
   * @param client By what the client is known, for `source`.
   * @param tried Those that are not to be chosen again.
   * @returns The choice; `undefined` where none is left.
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

  /** The share that one has by now. */
  #share({ weight, health }: T): number {
    if (this.#slowStart === 0) return weight;
    const part = (this.#now() - health.upSince) / this.#slowStart;
    return weight * Math.min(1, Math.max(LEAST_SHARE, part));
  }

  /** Smooth: with 5, 1, 1 it is a a b a c a a, never five in a row (nginx). */
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

  /** Ties go in turn, or the first would get all that end at once. */
  #leastConnections(candidates: readonly T[]): T {
    const load = (one: T) => (one.connections + 1) / this.#share(one);
    const least = Math.min(...candidates.map(load));
    return this.#inTurn(candidates.filter((one) => load(one) === least));
  }

  /** Two at random, the one with less to do (Mitzenmacher 2001). */
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
   * Highest random weight (Thaler, Ravishankar 1998): when one goes, only its
   * own clients go elsewhere.
   */
  #bySource(candidates: readonly T[], client: string): T {
    const score = (one: T) =>
      -this.#share(one) / Math.log(hash(`${one.name} ${client}`));
    return candidates.reduce((best, one) =>
      score(one) > score(best) ? one : best
    );
  }
}

/** FNV-1a with a last mixing, as a number between 0 and 1. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) {
    sum = Math.imul(sum ^ text.charCodeAt(n), 0x01000193);
  }
  sum = Math.imul(sum ^ sum >>> 16, 0x85ebca6b);
  sum = Math.imul(sum ^ sum >>> 13, 0xc2b2ae35);
  return (((sum ^ sum >>> 16) >>> 0) + 0.5) / 2 ** 32;
}
