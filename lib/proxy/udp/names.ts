/**
 * The names of one UDP association: each is looked up once, not for each
 * datagram, and keeps its address although the resolver's answers may go round
 * among several: a target knows a client by where its datagrams come to.
 *
 * @module
 */

import type { IpAddress } from "../../wire/ip_address.ts";

/** Names kept; the one that was added first makes room. */
const MOST_NAMES = 256;

/** Lookups at once, so that one client does not take all there are. */
const MOST_LOOKUPS = 16;

/** How long an answer holds, and how long a failure, in milliseconds. */
const LIFE = { answer: 60_000, failure: 2_000 } as const;

/** Addresses of a name, those first that are taken first; one at least. */
export type Addresses = readonly IpAddress[];

/** Finds the addresses of a name; `undefined` where there are none. Never fails. */
export type Lookup = (name: string) => Promise<Addresses | undefined>;

interface Answer {
  addresses: Addresses | undefined;
  /** By the cache's clock. */
  end: number;
}

/** Answers to names, bounded, each for a time. */
export class UdpNames {
  readonly #lookup: Lookup;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();
  readonly #pending = new Map<string, Promise<Addresses | undefined>>();

  /**
   * Creates an empty cache.
   *
   * @param lookup Finds what is not known.
   * @param now Tells the time in milliseconds (default: `performance.now`).
   */
  constructor(lookup: Lookup, now: () => number = () => performance.now()) {
    this.#lookup = lookup;
    this.#now = now;
  }

  /**
   * Tells the addresses of a name.
   *
   * @param name Name as sent; letter case makes no difference.
   * @returns The addresses where they are known, a promise while it is looked
   *   up, `undefined` where there are none or too many are looked up already.
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
    // Not before the promise settles: a datagram that finds the answer would
    // overtake those that wait for it.
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
