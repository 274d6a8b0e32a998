/**
 * What one client is given of what all share: places, bytes a second, bytes a
 * day.
 *
 * @module
 */

import type { Duplex } from "../net/duplex.ts";
import type {
  ConnectionLimits,
  Lease,
} from "../policy/limits/connection_limits.ts";
import type { ConnectionRate } from "../policy/limits/connection_rate.ts";
import type { Identity } from "../policy/users/identity.ts";
import type { Paces, RateLimits, Rates } from "../policy/limits/rate_limits.ts";
import type { Context } from "../sync/context.ts";
import type { QuotaMeter } from "./limits/quota_meter.ts";

/** The limits that are set; those left out are not. */
export interface UsageLimits {
  /** How often one client may connect. */
  connectionRate?: ConnectionRate;
  /** Connections of one user at once. */
  ofUser?: { limits: ConnectionLimits; most: number };
  /** Bytes a second. */
  rates?: RateLimits;
  /** Bytes a day. */
  quota?: QuotaMeter;
}

/** A connection as far as its usage goes. */
export interface UsageClient {
  /** The connection to the client. */
  readonly client: Duplex;
  /** Where the client is. */
  readonly remote: Deno.NetAddr;
  /** Cancelled when a quota is used up. */
  readonly context: Context;
}

const UNLIMITED: Paces = { up: undefined, down: undefined };

/** Keeps one connection to the limits that are set. */
export class SessionUsage {
  readonly #limits: UsageLimits;
  readonly #session: UsageClient;
  readonly #own: Rates | undefined;
  #tooOften: unknown;
  #paces = UNLIMITED;
  #isAdmitted = false;
  #user: string | undefined;
  #lease: Lease | undefined;
  #endWatch: (() => void) | undefined;
  /** Bytes of the client that have kept to the pace. */
  #paced = 0;

  /**
   * Counts a new connection. It is refused only by
   * {@linkcode SessionUsage.admit}, when it can be told.
   *
   * @param limits The limits that are set.
   * @param session The connection.
   */
  constructor(limits: UsageLimits, session: UsageClient) {
    this.#limits = limits;
    this.#session = session;
    this.#own = limits.rates?.connect();
    try {
      limits.connectionRate?.take(session.remote.hostname);
    } catch (refusal) {
      this.#tooOften = refusal;
    }
  }

  /** What its two directions keep to, once it is admitted. */
  get paces(): Paces {
    return this.#paces;
  }

  /**
   * Takes a place for a request of a client, or refuses it. The requests of one
   * connection may be of different users, one after the other.
   *
   * @param identity Who the client is, where that is proved.
   * @throws {Refusal} `limit reached`, saying which.
   */
  admit(identity: Identity | undefined): void {
    if (this.#tooOften !== undefined) throw this.#tooOften;
    const user = identity?.name;
    if (user !== undefined) this.#limits.quota?.check(user);
    if (this.#isAdmitted && user === this.#user) return;
    this.release();
    if (user !== undefined) {
      const { limits, most } = this.#limits.ofUser ?? {};
      this.#lease = limits?.admit(user, most!);
    }
    this.#isAdmitted = true;
    this.#user = user;
    if (this.#own === undefined) return;
    this.#paces = this.#limits.rates!.join(this.#own, user);
  }

  /**
   * Begins to count what is carried for the request that was admitted.
   *
   * @param carried Tells how many bytes, both ways together.
   */
  watch(carried: () => number): void {
    this.#endWatch?.();
    this.#endWatch = this.#user === undefined
      ? undefined
      : this.#limits.quota?.watch(
        this.#user,
        carried,
        (refusal) => this.#session.context.cancel(refusal),
      );
  }

  /** Sets the pace of a connection and its target. */
  pace(target: Duplex): void {
    target.pace = this.#paces.down;
    this.#paceClient();
  }

  /**
   * Sets the pace of a client that has got its last message and may still be
   * sending, also where it was never admitted.
   */
  paceFarewell(): void {
    if (this.#own === undefined) return;
    if (this.#paces === UNLIMITED) {
      this.#paces = this.#limits.rates!.join(this.#own, undefined);
    }
    this.#paceClient();
  }

  /** Lets the client speak freely, until it has said what it wants next. */
  rest(): void {
    const { client } = this.#session;
    client.pace = undefined;
    this.#paced = client.received;
  }

  /**
   * Lets the next connection of the same user that finds no place have this one.
   *
   * @param end Ends this connection.
   */
  offerPlace(end: () => void): void {
    this.#lease?.offer(end);
  }

  /** Takes that back. */
  keepPlace(): void {
    this.#lease?.withdraw();
  }

  #paceClient(): void {
    const { client } = this.#session;
    const { up } = this.#paces;
    if (client.pace === up) return;
    client.pace = up;
    // What came with the head of the request, and the head itself.
    up?.charge(Math.max(0, client.received - this.#paced));
  }

  /** Gives everything back. Can be repeated. */
  release(): void {
    this.#endWatch?.();
    this.#endWatch = undefined;
    this.#lease?.release();
    this.#lease = undefined;
    if (this.#isAdmitted && this.#user !== undefined) {
      this.#limits.rates?.leave(this.#user);
    }
    this.#isAdmitted = false;
  }
}
