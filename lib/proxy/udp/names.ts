/**
 * The names of one UDP association. Each is looked up once, not for each
 * datagram, and keeps its address even if the resolver rotates its answers: a
 * conversation must stay with one target.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";

/** Most names; the oldest one makes room. */
const MOST_NAMES = 256;

/**
 * Most lookups at the same time, so that one client can't use all of the
 * resolver.
 */
const MOST_LOOKUPS = 16;

/** Milliseconds for which an answer and a failure are kept. */
const LIFE = { answer: 60_000, failure: 2_000 } as const;

/** Addresses of a name in order of preference; at least one. */
export type Addresses = readonly IpAddress[];

/**
 * Finds the addresses of a name; `undefined` if there are none. It never
 * rejects.
 */
export type Lookup = (name: string) => Promise<Addresses | undefined>;

interface Answer {
  addresses: Addresses | undefined;
  /** Expiry by the cache's clock. */
  end: number;
}

/** A bounded cache of answers. */
export class UdpNames {
  readonly #lookup: Lookup;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #pending = new Map<string, Promise<Addresses | undefined>>();

  /**
   * Creates an empty cache.
   *
   * @param lookup Looks up a name that is not cached.
   * @param now Clock in milliseconds (default `performance.now`).
   */
  constructor(lookup: Lookup, now: () => number = () => performance.now()) {
    this.#lookup = lookup;
    this.#now = now;
  }

  /**
   * Returns the addresses of a name.
   *
   * @param name Name as sent; letter case makes no difference.
   * @returns The addresses if cached, a promise during the lookup, `undefined`
   *   if there are none or too many lookups are running.
   */
  find(
    name: string,
  ): Addresses | Promise<Addresses | undefined> | undefined {
    const key = name.toLowerCase();
    const answer = this.#answers.get(key);
    if (answer !== undefined && this.#now() < answer.end) {
      return answer.addresses;
    }
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#pending.size === MOST_LOOKUPS) return undefined;
    const asked = this.#lookup(key);
    this.#pending.set(key, asked);
    // Only once the promise settles: otherwise later datagrams would overtake
    // waiting ones.
    void asked.then((ip) => this.#remember(key, ip));
    return asked;
  }

  #remember(name: string, addresses: Addresses | undefined): void {
    const life = addresses === undefined ? LIFE.failure : LIFE.answer;
    this.#pending.delete(name);
    this.#answers.delete(name);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size === MOST_NAMES) this.#answers.delete(oldest!);
    this.#answers.set(name, { addresses, end: this.#now() + life });
  }
}
