/**
 * One client's use of shared limits: places, bytes per second, bytes per day.
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

/** The limits that are set. */
export interface UsageLimits {
  /** New connections per second of one client address. */
  connectionRate?: ConnectionRate;
  /** Simultaneous connections of one user. */
  ofUser?: { limits: ConnectionLimits; most: number };
  /** Bytes per second. */
  rates?: RateLimits;
  /** Bytes per day. */
  quota?: QuotaMeter;
}

/** A connection with limited usage. */
export interface UsageClient {
  /** The connection to the client. */
  readonly client: Duplex;
  /** Address of the client. */
  readonly remote: Deno.NetAddr;
  /** Cancelled when a quota is used up. */
  readonly context: Context;
}

const UNLIMITED: Paces = { up: undefined, down: undefined };

/** Applies the limits to one connection. */
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
  /** Bytes of the client that its pace has counted. */
  #paced = 0;

  /**
   * Counts a new connection. Only {@linkcode SessionUsage.admit} refuses it,
   * once the client can get an answer.
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

  /** The paces of both directions, once admitted. */
  get paces(): Paces {
    return this.#paces;
  }

  /**
   * Takes a place for a client's request, or refuses it. Later requests of the
   * same connection may belong to other users.
   *
   * @param identity The client's identity, if authenticated.
   * @returns Resolves when another machine has granted a place; `undefined` if
   *   there is nothing to wait for.
   * @throws {Refusal} `limit reached`; the message names the limit.
   */
  admit(identity: Identity | undefined): Promise<void> | undefined {
    if (this.#tooOften !== undefined) throw this.#tooOften;
    const user = identity?.name;
    if (user !== undefined) this.#limits.quota?.check(user);
    if (this.#isAdmitted && user === this.#user) return undefined;
    this.release();
    const { limits, most } = this.#limits.ofUser ?? {};
    if (user !== undefined && limits !== undefined) {
      const place = limits.admitOrWait(user, most!);
      if (place instanceof Promise) {
        return place.then((lease) => {
          this.#lease = lease;
          this.#join(user);
        });
      }
      this.#lease = place;
    }
    this.#join(user);
    return undefined;
  }

  #join(user: string | undefined): void {
    this.#isAdmitted = true;
    this.#user = user;
    if (this.#own === undefined) return;
    this.#paces = this.#limits.rates!.join(this.#own, user);
  }

  /**
   * Starts to count the bytes of an admitted request.
   *
   * @param carried Returns the bytes of both directions together.
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
   * Sets the pace of a client that may still be sending after its last message,
   * even if it was never admitted.
   */
  paceFarewell(): void {
    if (this.#own === undefined) return;
    if (this.#paces === UNLIMITED) {
      this.#paces = this.#limits.rates!.join(this.#own, undefined);
    }
    this.#paceClient();
  }

  /** Lifts the pace until the client's next request. */
  rest(): void {
    const { client } = this.#session;
    client.pace = undefined;
    this.#paced = client.received;
  }

  /**
   * Offers this place to the next connection of the same user that finds none.
   *
   * @param end Ends this connection.
   */
  offerPlace(end: () => void): void {
    this.#lease?.offer(end);
  }

  /** Withdraws the offer. */
  keepPlace(): void {
    this.#lease?.withdraw();
  }

  #paceClient(): void {
    const { client } = this.#session;
    const { up } = this.#paces;
    if (client.pace === up) return;
    client.pace = up;
    // The head of the request, and the bytes after it.
    up?.charge(Math.max(0, client.received - this.#paced));
  }

  /** Returns all places. Can be called again. */
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
