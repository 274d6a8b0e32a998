/**
 * The way to one upstream: the connection, the header of its client, TLS.
 *
 * ```text
 * sluice                         upstream
 *   | -- connect ------------------> |  ahead of need, with a pool
 *   | -- PROXY header -------------> |  with --send-proxy
 *   | <-- TLS ---------------------> |  with tls://
 *   | <== what a client says ======> |
 * ```
 *
 * @module
 */

import { type StartTls, underneath } from "../../net/chain.ts";
import type { Connection, TlsConnection } from "../../net/connection.ts";
import type { Dialled } from "../../net/dial.ts";
import { explainError } from "../../observe/explain_error.ts";
import { DialError } from "../../net/dial_error.ts";
import { Duplex } from "../../net/duplex.ts";
import type { OutgoingAddresses } from "../../net/outgoing.ts";
import type { Trail } from "../../net/own_listeners.ts";
import type { Borrowed } from "../../net/pool/pool.ts";
import type { Resolver } from "../../net/names/resolver.ts";
import { TlsError } from "../../net/tls/tls_error.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { Context, timeoutError } from "../../sync/context.ts";
import { setDeadline } from "../../sync/deadline.ts";
import {
  type Endpoint,
  formatEndpoint,
  isUnixPath,
} from "../../wire/endpoint.ts";
import { parseHost } from "../../wire/host_name.ts";
import { connectUnixOn, dialHostOn } from "./loops.ts";
import type { ParentGroup } from "./parents.ts";
import type { UpstreamConfig } from "./route.ts";
import { encodeOwnHeader, type ProxyVersion } from "../proxy_header.ts";

/** Most protocols of a client that the log names. */
const MOST_NAMED = 8;

/** Services for connections to upstreams. */
export interface WayServices {
  /** Resolves names. */
  resolver: Resolver;
  /** Source addresses. */
  outgoing: OutgoingAddresses;
  /** Parents to go through; `undefined` for none. */
  parents: ParentGroup | undefined;
  /** Negotiates TLS with `tls://` upstreams. */
  startTls: StartTls | undefined;
  /** Milliseconds for connecting; 0 disables the limit. */
  connectTimeout: number;
  /**
   * Version of the PROXY header before each connection's data (default: no
   * header).
   */
  sendProxy?: ProxyVersion | undefined;
  /**
   * Whether to offer the client's protocols to the upstream by ALPN (default
   * false).
   */
  passesProtocols?: boolean;
}

/** What Sluice sends to an upstream before the client's bytes. */
export interface Opening {
  /** The PROXY header with the client's address (default: none). */
  header?: Uint8Array;
  /** Protocols to offer in TLS, by ALPN (default none). */
  protocols?: readonly string[];
}

/** A connection ready for the client's first byte. */
export interface Opened extends Borrowed {
  /** Protocol negotiated in TLS; `undefined` for none. */
  readonly protocol?: string | undefined;
}

/** Limits for {@linkcode UpstreamWay.open}. */
export interface OpeningTime {
  /** Gives up when cancelled. */
  context: Context;
  /** Milliseconds of the connect time that have already passed (default 0). */
  spent?: number;
}

/** The way to one upstream. */
export class UpstreamWay {
  /** Its name in the log, with `tls://` if it uses TLS. */
  readonly name: string;
  readonly #endpoint: Endpoint;
  readonly #isTls: boolean;
  readonly #services: WayServices;

  /**
   * Creates the way without connecting.
   *
   * @param destination The upstream.
   * @param services Shared services.
   */
  constructor(
    { endpoint, isTls }: Pick<UpstreamConfig, "endpoint" | "isTls">,
    services: WayServices,
  ) {
    const place = formatEndpoint(endpoint);
    this.name = isTls ? `tls://${place}` : place;
    this.#endpoint = endpoint;
    this.#isTls = isTls;
    this.#services = services;
  }

  /**
   * Whether the first bytes to the upstream depend on the client. If so, the
   * TLS handshake must wait for the client, and only the TCP connection can be
   * opened in advance.
   */
  get isForOneClient(): boolean {
    const { passesProtocols = false, sendProxy } = this.#services;
    return sendProxy !== undefined || (this.#isTls && passesProtocols);
  }

  /**
   * Connects, and negotiates TLS unless that depends on the client.
   *
   * @param context Gives up when cancelled.
   * @param trail Listeners of this program on the connection's path.
   * @returns The connection; the caller closes it.
   * @throws {DialError} If it can't be reached.
   * @throws {Refusal} `loop`, if it is one of these listeners.
   */
  async connect(context: Context, trail: Trail): Promise<Dialled> {
    if (this.isForOneClient || !this.#isTls) {
      return await this.#connect(context, trail);
    }
    return await this.#inTime(
      { context },
      async (attempt) =>
        await this.#speak(await this.#connect(attempt, trail), attempt),
    );
  }

  /**
   * Connects and negotiates everything without a client, for a check.
   *
   * @param context Gives up when cancelled.
   * @param trail Listeners of this program that lead to it.
   * @returns The connection; the caller closes it.
   * @throws {DialError} If it can't be reached.
   */
  async try(context: Context, trail: Trail): Promise<Dialled> {
    if (!this.isForOneClient) return await this.connect(context, trail);
    const header = encodeOwnHeader(this.#services.sendProxy);
    return await this.#inTime({ context }, async (attempt) => {
      const dialled = await this.#connect(attempt, trail);
      return await this.#speak(dialled, attempt, { header });
    });
  }

  /**
   * Sends everything that comes before the client's bytes.
   *
   * @param borrowed The connection; closed if this fails.
   * @param opening The header, and the protocols for ALPN.
   * @param time The context, and the time already spent.
   * @returns The connection, ready for the client's first byte.
   * @throws {DialError} If the upstream refuses it or does not answer in time.
   * @throws {Refusal} If the upstream speaks none of the client's protocols.
   */
  async open(
    borrowed: Borrowed,
    opening: Opening,
    time: OpeningTime,
  ): Promise<Opened> {
    const opened = await this.#inTime(
      time,
      (attempt) => this.#speak(borrowed, attempt, opening),
    );
    if (!this.#isTls) return borrowed;
    const inside = new Duplex(opened.connection);
    const { protocol } = opened.connection as TlsConnection;
    return { ...borrowed, ...opened, duplex: inside, protocol };
  }

  /** Applies the connect time to everything up to the client's first byte. */
  async #inTime(
    { context, spent = 0 }: OpeningTime,
    reach: (attempt: Context) => Promise<Dialled>,
  ): Promise<Dialled> {
    const { connectTimeout: most } = this.#services;
    using attempt = new Context(context);
    const limit = setDeadline(
      most && Math.max(1, most - spent),
      () => attempt.cancel(timeoutError(most, "Connect time")),
    );
    try {
      return await reach(attempt);
    } catch (error) {
      context.throwIfCancelled();
      if (error instanceof DialError || error instanceof Refusal) throw error;
      throw new DialError(
        attempt.cancelled ? "timeout" : "failed",
        `Cannot reach ${this.name}: ${explainError(error)}`,
        { cause: error },
      );
    } finally {
      limit.clear();
    }
  }

  /** The header precedes TLS, so that its reader need not decrypt anything. */
  async #speak(
    { connection, address, ...before }: Dialled,
    context: Context,
    { header = new Uint8Array(), protocols = [] }: Opening = {},
  ): Promise<Dialled> {
    const duplex = before.duplex ?? new Duplex(connection);
    const leave = context.onCancel(() => duplex.close());
    try {
      if (header.length > 0) await this.#write(duplex, header);
      if (!this.#isTls) return { connection, address, duplex };
      const below = underneath({ connection, duplex });
      const secured = await this.#secure(below, protocols, context);
      return { connection: secured, address };
    } catch (error) {
      duplex.close();
      context.throwIfCancelled();
      throw error;
    } finally {
      leave();
    }
  }

  async #write(duplex: Duplex, header: Uint8Array): Promise<void> {
    try {
      await duplex.write(header);
    } catch (error) {
      throw new DialError(
        "refused",
        `Cannot reach ${this.name}: it closed the connection before the PROXY header`,
        { cause: error },
      );
    }
  }

  async #secure(
    below: Connection,
    protocols: readonly string[],
    context: Context,
  ): Promise<Connection> {
    const endpoint = this.#endpoint;
    // Only upstreams with a host and port use TLS; the parser ensures that.
    const host = isUnixPath(endpoint) ? "localhost" : endpoint.host;
    try {
      return await this.#services.startTls!(below, {
        host,
        context,
        protocols,
      });
    } catch (error) {
      const isOfClient = error instanceof TlsError &&
        error.kind === "no protocol" && protocols.length > 0;
      if (!isOfClient) throw error;
      // A client's list of protocols says nothing about the upstream's health.
      const names = protocols.slice(0, MOST_NAMED).join(", ");
      const message = `${this.name} speaks none of ${names}`;
      throw new Refusal("forbidden", message);
    }
  }

  async #connect(context: Context, trail: Trail): Promise<Dialled> {
    const endpoint = this.#endpoint;
    if (isUnixPath(endpoint)) {
      const connection = await connectUnixOn(
        trail,
        endpoint.path,
        context,
      );
      return { connection, address: new Uint8Array() };
    }
    const { connectTimeout: timeout, outgoing, parents, resolver } =
      this.#services;
    const { port } = endpoint;
    const host = parseHost(endpoint.host);
    if (parents !== undefined) {
      // The choice of a parent does not depend on the client.
      const through = await parents.dial({ host, port }, {
        client: this.name,
        context,
        trail,
      });
      return { ...through, address: new Uint8Array() };
    }
    const options = { resolver, timeout, outgoing, trail };
    return await dialHostOn({ host, port }, context, options);
  }
}
