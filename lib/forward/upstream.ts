/**
 * One upstream of a relay: how it is reached, its pool, its health.
 *
 * @module
 */

import type { Dialled } from "../net/dial.ts";
import { explainError } from "../observe/explain_error.ts";
import { DialError } from "../net/dial_error.ts";
import type { Trail } from "../net/own_listeners.ts";
import { type Borrowed, Pool, type PoolOptions } from "../net/pool/pool.ts";
import type { Candidate } from "../policy/limits/balancer.ts";
import type { UpstreamHealth } from "../policy/limits/upstream_health.ts";
import { Context } from "../sync/context.ts";
import { formatHostPort } from "../wire/host_port.ts";
import {
  type Destination,
  type Opened,
  type Opening,
  UpstreamWay,
  type WayServices,
} from "../serve/target/upstream_way.ts";

/** What upstreams share. */
export interface UpstreamServices extends WayServices {
  /** How connections come to be ready. */
  pool: PoolOptions;
  /** Told when it goes down or comes up again. */
  onHealth: (upstream: Upstream, why: string) => void;
}

/** Settings of one upstream. */
export interface UpstreamSettings extends Destination {
  /** Its share of the connections. */
  weight: number;
  /** Whether it is for when no other is up. */
  isBackup: boolean;
  /** Whether it is up. */
  health: UpstreamHealth;
  /** The trail of an ordinary client: the listeners that it may come by. */
  trail: Trail;
}

/** A connection to an upstream, for one client. */
export interface UpstreamLease extends Disposable {
  /** Whose it is. */
  readonly upstream: Upstream;
  /** The connection. */
  readonly borrowed: Borrowed;
  /** What was agreed to speak in TLS (ALPN); `undefined` is nothing. */
  readonly protocol: string | undefined;
  /** Gives it back, in good order; otherwise it is closed. */
  giveBack(): void;
}

/** Options for taking a connection. */
export interface LeaseOptions extends Opening {
  /** Wants one that is dialled now, not one that is ready (default false). */
  fresh?: boolean;
  /**
   * The trail of a client that has come through other listeners of ours, so that
   * none but a fresh one will do (default: an ordinary client's).
   */
  trail?: Trail | undefined;
}

/** One upstream of a relay. */
export class Upstream implements Candidate, Disposable {
  readonly name: string;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly health: UpstreamHealth;
  /** Connections that are ready for it, and what became of them. */
  readonly pool: Pool;

  readonly #way: UpstreamWay;
  readonly #trail: Trail;
  readonly #onHealth: UpstreamServices["onHealth"];
  #connections = 0;

  /**
   * Creates an upstream; its pool begins to fill.
   *
   * @param services What it shares with others.
   */
  constructor(settings: UpstreamSettings, services: UpstreamServices) {
    this.#way = new UpstreamWay(settings, services);
    this.name = this.#way.name;
    this.weight = settings.weight;
    this.isBackup = settings.isBackup;
    this.health = settings.health;
    this.#onHealth = services.onHealth;
    this.#trail = settings.trail;
    this.pool = new Pool(
      (context, trail = this.#trail) => this.#dial(context, trail),
      services.pool,
    );
  }

  /** Connections that clients have to it. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Takes a connection for a client.
   *
   * @param context Gives up when cancelled.
   * @returns The connection; to be disposed of.
   * @throws {DialError} If it can't be reached.
   */
  async lease(
    context: Context,
    options: LeaseOptions = {},
  ): Promise<UpstreamLease> {
    this.#connections++;
    try {
      const borrowed = this.#way.isForOneClient
        ? await this.#openFor(options, context)
        : await this.#borrow(options, context);
      return this.#leaseOf(borrowed);
    } catch (error) {
      this.#connections--;
      throw error;
    }
  }

  /**
   * Finds out whether it is reachable, and nothing more.
   *
   * @param timeout Milliseconds.
   * @param context Gives up when cancelled.
   */
  async check(timeout: number, context: Context): Promise<void> {
    using attempt = new Context(context);
    attempt.cancelAfter(timeout, "Check time");
    try {
      const { connection } = await this.#way.try(attempt, this.#trail);
      connection.close();
      this.#succeed();
    } catch (error) {
      if (context.cancelled) return;
      if (attempt.cancelled) this.#fail(attempt.reason);
      else this.#failBy(error);
    }
  }

  /** Closes what is ready for it. */
  [Symbol.dispose](): void {
    this.pool.close();
  }

  #leaseOf(borrowed: Opened): UpstreamLease {
    let isHeld = true;
    const end = (last: () => void) => {
      if (!isHeld) return;
      isHeld = false;
      this.#connections--;
      last();
    };
    return {
      upstream: this,
      borrowed,
      protocol: borrowed.protocol,
      giveBack: () => end(() => this.pool.give(borrowed)),
      [Symbol.dispose]: () =>
        end(() => {
          borrowed.duplex.close();
          borrowed.duplex.releaseBuffer();
        }),
    };
  }

  #borrow(
    { trail, fresh = trail !== undefined }: LeaseOptions,
    context: Context,
  ) {
    return fresh
      ? this.pool.borrowFresh(context, trail)
      : this.pool.borrow(context);
  }

  /** Takes a connection, and says on it what comes before the client's bytes. */
  async #openFor(options: LeaseOptions, context: Context): Promise<Opened> {
    const { trail } = options;
    for (let { fresh = trail !== undefined } = options;; fresh = true) {
      const begin = performance.now();
      const borrowed = await this.#borrow({ fresh, trail }, context);
      try {
        const opened = await this.#way.open(borrowed, options, {
          context,
          spent: performance.now() - begin,
        });
        this.#succeed();
        return opened;
      } catch (error) {
        context.throwIfCancelled();
        // One that was ready may have ended since; a new one tells more.
        if (borrowed.wasParked && error instanceof DialError) continue;
        this.#failBy(error);
        throw error;
      }
    }
  }

  /**
   * Every dial tells of its health, whoever it was for; but a connection alone
   * tells nothing good of one that has more to agree on.
   */
  async #dial(context: Context, trail: Trail): Promise<Dialled> {
    try {
      const dialled = await this.#way.connect(context, trail);
      if (!this.#way.isForOneClient) this.#succeed();
      return dialled;
    } catch (error) {
      this.#failBy(error);
      throw error;
    }
  }

  #succeed(): void {
    if (this.health.succeed()) this.#onHealth(this, "");
  }

  /** Not by what is ours: no descriptors, a client that has left, a drain. */
  #failBy(error: unknown): void {
    const isOurs = !(error instanceof DialError) ||
      error.kind === "no descriptors";
    if (!isOurs) this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.health.fail()) return;
    this.#onHealth(this, explainError(error));
  }
}

/**
 * Tells what was dialled.
 *
 * @param lease The connection.
 * @returns `HOST:PORT`, or the path of a Unix socket.
 */
export function dialledAddress({ borrowed, upstream }: UpstreamLease): string {
  const { address, connection } = borrowed;
  return address.length === 0
    ? upstream.name
    : formatHostPort(address, connection.remoteAddr.port);
}
