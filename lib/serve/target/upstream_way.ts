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
import { encodeOwnHeader, type ProxyVersion } from "../proxy_header.ts";

/** Protocols of a client that the log names, at most. */
const MOST_NAMED = 8;

/** What connections to upstreams need. */
export interface WayServices {
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
  /** Version of the header in front of each connection (default none). */
  sendProxy?: ProxyVersion | undefined;
  /** Whether TLS offers what clients speak, by ALPN (default false). */
  passesProtocols?: boolean;
}

/** Where an upstream is, and what it speaks. */
export interface Destination {
  /** Where it is. */
  endpoint: Endpoint;
  /** Whether it is spoken to by TLS. */
  isTls: boolean;
}

/** What an upstream is told ahead of a client's bytes. */
export interface Opening {
  /** The PROXY header that tells of the client (default: none). */
  header?: Uint8Array;
  /** Protocols to offer in TLS, by ALPN (default none). */
  protocols?: readonly string[];
}

/** A connection at a client's first byte. */
export interface Opened extends Borrowed {
  /** What was agreed to speak in TLS; `undefined` is nothing. */
  readonly protocol?: string | undefined;
}

/** When to give up {@linkcode UpstreamWay.open}. */
export interface OpeningTime {
  /** Gives up when cancelled. */
  context: Context;
  /** Milliseconds of the time for connecting that have passed (default 0). */
  spent?: number;
}

/** The way to one upstream. */
export class UpstreamWay {
  /** For the log: `tls://` where it is spoken to by TLS. */
  readonly name: string;
  readonly #endpoint: Endpoint;
  readonly #isTls: boolean;
  readonly #services: WayServices;

  /**
   * Sets where it leads.
   *
   * @param destination The upstream.
   * @param services What ways share.
   */
  constructor({ endpoint, isTls }: Destination, services: WayServices) {
    const place = formatEndpoint(endpoint);
    this.name = isTls ? `tls://${place}` : place;
    this.#endpoint = endpoint;
    this.#isTls = isTls;
    this.#services = services;
  }

  /**
   * Whether an upstream is told of the client before anything else: then TLS
   * with it is a client's too, and only the connection is ready ahead of need.
   */
  get isForOneClient(): boolean {
    const { passesProtocols = false, sendProxy } = this.#services;
    return sendProxy !== undefined || (this.#isTls && passesProtocols);
  }

  /**
   * Connects, and says nothing yet where that depends on the client.
   *
   * @param context Gives up when cancelled.
   * @param trail Listeners of ours that the connection has come through.
   * @returns The connection; the caller closes it.
   * @throws {DialError} If it can't be reached.
   * @throws {Refusal} `loop`, where it is one of these listeners.
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
   * Goes all the way for nobody, as a check does.
   *
   * @param context Gives up when cancelled.
   * @param trail Listeners of ours that lead to it.
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
   * Says over a connection what comes before a client's bytes.
   *
   * @param borrowed The connection; closed where this fails.
   * @param opening What there is to say.
   * @param time What gives up.
   * @returns The connection at the client's first byte.
   * @throws {DialError} If the upstream does not take it.
   * @throws {Refusal} If it speaks none of the protocols.
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

  /** Keeps what it takes to reach the upstream to the time for connecting. */
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

  /** The header comes before TLS: its reader need not decrypt anything. */
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
    // Only a host and port are spoken to by TLS: see the parser of upstreams.
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
      // What one client wants to speak says nothing of the upstream's health.
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
      // Of whom it is for, the parents' choice knows nothing.
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
