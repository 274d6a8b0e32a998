/**
 * One upstream of a relay: its dials, its pool, its health.
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
import type { UpstreamConfig } from "../serve/target/route.ts";
import {
  type Opened,
  type Opening,
  UpstreamWay,
  type WayServices,
} from "../serve/target/upstream_way.ts";

/** Services that upstreams share. */
export interface UpstreamServices extends WayServices {
  /** How the pool gets its connections. */
  pool: PoolOptions;
  /** Called when it goes down or comes up again. */
  onHealth: (upstream: Upstream, why: string) => void;
}

/** Settings of one upstream. */
export interface UpstreamSettings extends UpstreamConfig {
  /** Whether it is up. */
  health: UpstreamHealth;
  /**
   * The trail of an ordinary client: the listeners it may have come through.
   */
  trail: Trail;
}

/** A connection to an upstream, for one client. */
export interface UpstreamLease extends Disposable {
  /** Its upstream. */
  readonly upstream: Upstream;
  /** The connection. */
  readonly borrowed: Borrowed;
  /** Protocol negotiated by ALPN; `undefined` if none. */
  readonly protocol: string | undefined;
  /** Returns it in good order; otherwise it is closed. */
  giveBack(): void;
}

/** Options for taking a connection. */
export interface LeaseOptions extends Opening {
  /**
   * Whether to dial a new one instead of taking a pooled one (default false).
   */
  fresh?: boolean;
  /**
   * The trail of a client that has come through other listeners of this
   * program, which needs a fresh connection (default: an ordinary client).
   */
  trail?: Trail | undefined;
}

/** One upstream of a relay. */
export class Upstream implements Candidate, Disposable {
  readonly name: string;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly health: UpstreamHealth;
  /** Its pool of connections. */
  readonly pool: Pool;

  readonly #way: UpstreamWay;
  readonly #trail: Trail;
  readonly #onHealth: UpstreamServices["onHealth"];
  #connections = 0;

  /**
   * Creates an upstream; its pool begins to fill.
   *
   * @param services Services that it shares with others.
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

  /** Open connections of clients. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Takes a connection for a client.
   *
   * @param context Gives up when cancelled.
   * @returns The connection; the caller disposes of it.
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
   * Checks only whether it is reachable.
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

  /** Closes its pool. */
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

  /** Takes a connection, and sends what precedes the client's bytes. */
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
        // A pooled one may have ended since; a new one gives the reason.
        if (borrowed.wasParked && error instanceof DialError) continue;
        this.#failBy(error);
        throw error;
      }
    }
  }

  /**
   * Every dial shows its health. But an open connection alone is not a success
   * if TLS or a parent follows.
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

  /** Local causes do not count: no descriptors, a client that left, a drain. */
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
 * Returns the dialled address.
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
