/**
 * One upstream of a relay: how it is reached, its pool, its health.
 *
 * @module
 */

import { connectUnix } from "../net/unix_socket.ts";
import { type StartTls, underneath } from "../net/chain.ts";
import type { Dialled } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import { dialHost } from "../net/dial_host.ts";
import type { OutgoingAddresses } from "../net/outgoing.ts";
import { Duplex } from "../net/duplex.ts";
import { type Borrowed, Pool, type PoolOptions } from "../net/pool.ts";
import type { Resolver } from "../net/resolver.ts";
import type { Candidate } from "../policy/balancer.ts";
import type { UpstreamHealth } from "../policy/upstream_health.ts";
import { Context } from "../sync/context.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { parseHost } from "../wire/host_name.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import type { ParentGroup } from "./parents.ts";

/** What upstreams share. */
export interface UpstreamServices {
  /** Finds the addresses of names. */
  resolver: Resolver;
  /** Addresses that connections leave from. */
  outgoing: OutgoingAddresses;
  /** Parents to go through; `undefined` is none. */
  parents: ParentGroup | undefined;
  /** Agrees on TLS with upstreams that are spoken to by it. */
  startTls: StartTls | undefined;
  /** Milliseconds for connecting; 0 is for ever. */
  connectTimeout: number;
  /** How connections come to be ready. */
  pool: PoolOptions;
  /** Told when it goes down or comes up again. */
  onHealth: (upstream: Upstream, why: string) => void;
}

/** Settings of one upstream. */
export interface UpstreamSettings {
  /** Where it is. */
  endpoint: Endpoint;
  /** Whether it is spoken to by TLS. */
  isTls: boolean;
  /** Its share of the connections. */
  weight: number;
  /** Whether it is for when no other is up. */
  isBackup: boolean;
  /** Whether it is up. */
  health: UpstreamHealth;
}

/** A connection to an upstream, for one client. */
export interface UpstreamLease extends Disposable {
  /** Whose it is. */
  readonly upstream: Upstream;
  /** The connection. */
  readonly borrowed: Borrowed;
  /** Gives it back, in good order; otherwise it is closed. */
  giveBack(): void;
}

/** Options for taking a connection. */
export interface LeaseOptions {
  /** Wants one that is dialled now, not one that is ready (default false). */
  fresh?: boolean;
}

/** One upstream of a relay. */
export class Upstream implements Candidate, Disposable {
  readonly name: string;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly health: UpstreamHealth;
  /** Connections that are ready for it, and what became of them. */
  readonly pool: Pool;

  readonly #endpoint: Endpoint;
  readonly #isTls: boolean;
  readonly #services: UpstreamServices;
  #connections = 0;

  /**
   * Creates an upstream; its pool begins to fill.
   *
   * @param settings What it is.
   * @param services What it shares with others.
   */
  constructor(settings: UpstreamSettings, services: UpstreamServices) {
    const place = formatEndpoint(settings.endpoint);
    this.name = settings.isTls ? `tls://${place}` : place;
    this.#isTls = settings.isTls;
    this.weight = settings.weight;
    this.isBackup = settings.isBackup;
    this.health = settings.health;
    this.#endpoint = settings.endpoint;
    this.#services = services;
    this.pool = new Pool((context) => this.#dial(context), services.pool);
  }

  /** Connections that clients have to it. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Takes a connection for a client.
   *
   * @param context Gives up when cancelled.
   * @param options Which one.
   * @returns The connection; to be disposed of.
   * @throws {DialError} If it can't be reached.
   */
  async lease(
    context: Context,
    { fresh = false }: LeaseOptions = {},
  ): Promise<UpstreamLease> {
    const { pool } = this;
    this.#connections++;
    try {
      return this.#leaseOf(
        await (fresh ? pool.borrowFresh(context) : pool.borrow(context)),
      );
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
      const { connection } = await this.#dial(attempt);
      connection.close();
    } catch {
      // What else ends a dial was told.
      if (attempt.cancelled && !context.cancelled) this.#fail(attempt.reason);
    }
  }

  /** Closes what is ready for it. */
  [Symbol.dispose](): void {
    this.pool.close();
  }

  #leaseOf(borrowed: Borrowed): UpstreamLease {
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
      giveBack: () => end(() => this.pool.give(borrowed)),
      [Symbol.dispose]: () =>
        end(() => {
          borrowed.duplex.close();
          borrowed.duplex.releaseBuffer();
        }),
    };
  }

  /** Every dial tells of its health, whoever it was for. */
  async #dial(context: Context): Promise<Dialled> {
    try {
      const dialled = await this.#connectSecurely(context);
      if (this.health.succeed()) this.#services.onHealth(this, "");
      return dialled;
    } catch (error) {
      // Not what is ours: no descriptors, a client that has left, a drain.
      const isOurs = !(error instanceof DialError) ||
        error.kind === "no descriptors";
      if (!isOurs) this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (!this.health.fail()) return;
    const why = error instanceof Error ? error.message : String(error);
    this.#services.onHealth(this, why);
  }

  /** The time limit of connecting is for TLS too. */
  async #connectSecurely(context: Context): Promise<Dialled> {
    if (!this.#isTls) return await this.#connect(context);
    using attempt = new Context(context);
    attempt.cancelAfter(this.#services.connectTimeout, "Connect time");
    let duplex: Duplex | undefined;
    try {
      const { address, connection, ...plain } = await this.#connect(attempt);
      duplex = plain.duplex ?? new Duplex(connection);
      const { host } = this.#endpoint as HostPort;
      const secured = await this.#services.startTls!(
        underneath({ connection, duplex }),
        { host, context: attempt },
      );
      return { connection: secured, address };
    } catch (error) {
      duplex?.close();
      context.throwIfCancelled();
      if (error instanceof DialError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new DialError(
        attempt.cancelled ? "timeout" : "failed",
        `Cannot reach ${this.name}: ${why}`,
        { cause: error },
      );
    }
  }

  async #connect(context: Context): Promise<Dialled> {
    const endpoint = this.#endpoint;
    if (isUnixPath(endpoint)) {
      const connection = await connectUnix(endpoint.path, context);
      return { connection, address: new Uint8Array() };
    }
    const { connectTimeout: timeout, outgoing, parents, resolver } =
      this.#services;
    const { port } = endpoint;
    const host = parseHost(endpoint.host);
    if (parents !== undefined) {
      // Of whom it is for, the parents' choice knows nothing.
      const through = await parents.dial({ host, port }, {
        client: this.name,
        context,
      });
      return { ...through, address: new Uint8Array() };
    }
    const options = { resolver, timeout, outgoing };
    return await dialHost({ host, port }, context, options);
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
