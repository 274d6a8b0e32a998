/**
 * One client's connection during its handling, as protocols see it.
 *
 * @module
 */

import { placeNeeded } from "../observe/cut_error.ts";
import { ByteReader } from "../net/byte_reader.ts";
import type { Connection } from "../net/connection.ts";
import { Duplex } from "../net/duplex.ts";
import type { Trail } from "../net/own_listeners.ts";
import { type LingerLimits, SOCKS_LINGER } from "../net/linger.ts";
import { formatAddr } from "../net/unix_socket.ts";
import { unmapAddr } from "../net/unmap_addr.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";
import type { Lease } from "../policy/limits/connection_limits.ts";
import type { Identity } from "../policy/users/identity.ts";
import { drainRefusal, Refusal } from "../policy/limits/refusal.ts";
import type { Cancellable, Context, Unregister } from "../sync/context.ts";
import { TimeLimitError } from "../sync/time_limit.ts";
import type { BagEntry } from "../sync/bag.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import type { LiveConnection } from "./live_connection.ts";
import type { ConnectionServices } from "./connection_services.ts";
import { newRecord } from "./new_record.ts";
import type { Permit } from "./target/open_sessions.ts";
import type { Refusals } from "./refusals.ts";
import { SessionUsage } from "./session_usage.ts";

const NOWHERE: Trail = [];

/**
 * One client's connection during its handling.
 *
 * @typeParam S Services of its protocol.
 */
export class Session<S extends ConnectionServices = ConnectionServices>
  implements Disposable, Cancellable {
  /** The connection to the client; {@linkcode Session.enter} replaces it. */
  client: Duplex;
  /** Address of Sluice on this connection. */
  readonly local: Deno.NetAddr;
  /** Address of the client; {@linkcode Session.actFor} changes it. */
  remote: Deno.NetAddr;
  /**
   * The address that the client connected to: that of Sluice, or that of the
   * load balancer that announced the client. {@linkcode Session.actFor} changes
   * it.
   */
  reached: Deno.NetAddr;
  /** Reads the handshake. Release it before the tunnel starts. */
  reader: ByteReader;
  /** Cancelling it ends the connection and closes the client. */
  readonly context: Context;
  /** Cancelled when no new work should start. */
  readonly draining: Context;
  /** Shared by all connections. */
  readonly services: S;
  /** The client's use of shared limits; `undefined` without limits. */
  usage: SessionUsage | undefined;
  /** Its entry in the registry; `undefined` if nothing watches. */
  readonly live: LiveConnection | undefined;
  /** Identity of the client, once authenticated. */
  identity: Identity | undefined;
  /** Its permission, for the rules to judge again. */
  permit: Permit | undefined;
  /** Server name from the client's TLS handshake, if any. */
  serverName: string | undefined;
  /** Listeners of this program on the connection's path, this one last. */
  trail: Trail;
  /** Protocol negotiated in TLS (ALPN), if any. */
  protocol: string | undefined;
  /** Its log record, filled in over time. */
  readonly record: ConnectionEvent;
  /**
   * Encodes its protocol's refusals; `undefined` closes it without an answer.
   */
  refusals: Refusals | undefined;
  /** The connection to the target, if the session has to close it. */
  target: Disposable | undefined;
  /**
   * Whether the client has received at least a part of an answer. No refusal
   * can follow.
   */
  isAnswered = false;

  /**
   * Whether the tunnel closes the client when the context is cancelled, so that
   * it can send a reset instead of a normal end.
   */
  isTunnelEnding = false;

  /** Whether its log record is complete, because each request was logged. */
  isLogged = false;

  /** How long a refused client may take to read the reason. */
  linger: LingerLimits = SOCKS_LINGER;

  #started = performance.now();
  #handshake: Deadline | undefined;
  #before = 0;
  #outer: Duplex | undefined;
  #certified: Identity | undefined;
  #leaveDrain: Unregister | undefined;
  /** Stops the wait for a request; without it, the connection is closed. */
  #giveUp: ((error: unknown) => void) | undefined;
  readonly #place: BagEntry | undefined;
  #lease: Lease | undefined;
  /** The place of a client that is over a limit. */
  #kept: Lease | undefined;
  #overLimit: unknown;

  /**
   * Takes over a connection and starts the time limit of its handshake.
   *
   * @param connection The accepted connection.
   * @param context Its owner cancels it to end the connection.
   * @param draining Its owner cancels it when the shutdown begins. This also
   *   ends a connection without a request.
   * @param services Shared by all connections.
   */
  constructor(
    connection: Connection,
    context: Context,
    draining: Context,
    services: S,
  ) {
    this.local = this.reached = unmapAddr(connection.localAddr);
    this.remote = unmapAddr(connection.remoteAddr);
    this.client = new Duplex(connection);
    this.reader = new ByteReader(this.client);
    this.context = context;
    this.draining = draining;
    this.services = services;
    this.trail = services.trail ?? NOWHERE;
    this.record = newRecord(this.local, this.remote);
    this.live = services.watch?.enter(this);
    this.#place = services.sessions?.add(this);
    context.attach(this);
    this.beginHandshake();
    this.#count();
  }

  /**
   * Replaces the client by the one that the peer announced. Limits and the log
   * then use the announced address.
   *
   * @param client Address of the announced client.
   * @param reached Address that this client connected to.
   * @returns As {@linkcode Session.requirePlace} does.
   * @throws {Refusal} As {@linkcode Session.requirePlace} does.
   */
  actFor(
    client: Deno.NetAddr,
    reached: Deno.NetAddr,
  ): Promise<void> | undefined {
    this.#lease?.release();
    this.#kept?.release();
    this.usage?.release();
    this.remote = unmapAddr(client);
    this.reached = unmapAddr(reached);
    this.record.client = formatAddr(this.remote);
    this.#count();
    return this.requirePlace();
  }

  #count(): void {
    const { usage } = this.services;
    this.usage = usage && new SessionUsage(usage, this);
    this.#lease = undefined;
    try {
      this.#takePlace();
    } catch (refusal) {
      this.#overLimit = refusal;
    }
  }

  #takePlace(): void {
    const { connectionsPerClient, limits } = this.services;
    this.#lease = limits.admit(this.remote.hostname, connectionsPerClient);
    this.#kept?.release();
    this.#kept = undefined;
  }

  /**
   * Continues inside a layer of the connection, such as TLS. Release the reader
   * first.
   *
   * @param inner The connection inside the layer; closed with the session.
   * @param identity The identity that the client has proved to the layer.
   */
  enter(inner: Connection, identity?: Identity): void {
    this.#outer ??= this.client;
    this.client = new Duplex(inner);
    this.reader = new ByteReader(this.client);
    this.#before = 0;
    this.#certified = identity;
    this.forgetLogin();
  }

  /**
   * Forgets the user. The identity from a certificate holds for the whole
   * connection.
   */
  forgetLogin(): void {
    this.identity = this.#certified;
    delete this.record.user;
    if (this.identity !== undefined) this.record.user = this.identity.name;
  }

  /**
   * Ends the connection of a client over a limit, if too many such clients are
   * already waiting to send their request.
   *
   * @returns Resolves when another thread or machine has answered about a
   *   place; `undefined` if there is nothing to wait for.
   * @throws {Refusal} `limit reached`.
   */
  requirePlace(): Promise<void> | undefined {
    if (this.#lease !== undefined) return undefined;
    this.#kept = this.services.limits.keep();
    if (this.#kept !== undefined) return this.#awaitPlace();
    this.context.cancel(this.#overLimit);
    throw this.#overLimit;
  }

  #awaitPlace(): Promise<void> | undefined {
    const { connectionsPerClient: most, limits } = this.services;
    return limits.awaitRoom(this.remote.hostname, most)?.then((lease) => {
      if (lease === undefined) return;
      this.#lease = lease;
      this.#kept?.release();
      this.#kept = undefined;
    });
  }

  /**
   * Requires that the client is within its limits. Call it only after the
   * request, so that the client can get an answer. It takes a place that became
   * free since the client connected.
   *
   * @returns Resolves when another machine has granted the user a place;
   *   `undefined` if there is nothing to wait for.
   * @throws {Refusal} `limit reached`, or `banned` by an operator.
   */
  admit(): Promise<void> | undefined {
    this.services.watch?.requireUnbanned(this.remote.hostname);
    if (this.#lease === undefined) this.#takePlace();
    return this.usage?.admit(this.identity);
  }

  /**
   * Requires that the client may start work: it is within its limits and no
   * drain has begun.
   *
   * @returns As {@linkcode Session.admit} does.
   * @throws {Refusal} `limit reached` or `draining`.
   */
  requireAdmission(): Promise<void> | undefined {
    const admission = this.admit();
    if (admission === undefined) return void this.requireNoDrain();
    return admission.then(() => this.requireNoDrain());
  }

  /**
   * Offers this connection's place to the next connection that finds none. If
   * it is taken, this connection ends. Call it before the work starts or after
   * it is done.
   */
  offerPlace(): void {
    const end = () => this.context.cancel(placeNeeded());
    (this.#lease ?? this.#kept)?.offer(end);
    this.usage?.offerPlace(end);
  }

  /** Withdraws the offer, because there is work to do. */
  keepPlace(): void {
    (this.#lease ?? this.#kept)?.withdraw();
    this.usage?.keepPlace();
  }

  /**
   * Starts the time limit of the handshake, which ends the connection. A drain
   * ends it too, until {@linkcode Session.noteRequest}.
   *
   * @param come Bytes of the handshake that have already arrived.
   */
  beginHandshake(come = 0): void {
    const { handshake } = this.services.timeouts;
    this.#before = this.client.received - come;
    this.#handshake?.clear();
    this.#handshake = setDeadline(
      handshake,
      () => this.#endWait(new TimeLimitError(handshake, "Handshake time")),
    );
    this.noteRequest();
    this.#leaveDrain = this.draining.onCancel((reason) =>
      this.#endWait(this.#giveUp === undefined ? reason : drainRefusal())
    );
  }

  #endWait(error: unknown): void {
    if (this.#giveUp === undefined) this.context.cancel(error);
    else this.#giveUp(error);
  }

  /**
   * Waits for a request. If the time limit or a drain ends the wait, the client
   * can still get an answer.
   *
   * @typeParam T Type of the request.
   * @param read Reads the request.
   * @param giveUp Stops the reading; gets the reason (default: a drain is
   *   answered with a refusal, and the time limit closes the connection).
   * @throws The reason, if the wait was stopped.
   * @throws What `read` throws.
   */
  async awaitRequest<T>(
    read: () => Promise<T>,
    giveUp = (error: unknown) => this.#giveUpReading(error),
  ): Promise<T> {
    let late: unknown;
    // A variable of its own: V8 would put a function assigned directly to the
    // field into its old space, where it keeps the whole connection alive until
    // a full collection.
    const end = (error: unknown) => {
      late = error;
      giveUp(error);
    };
    this.#giveUp = end;
    try {
      return await read();
    } catch (error) {
      throw late ?? error;
    } finally {
      this.#giveUp = undefined;
    }
  }

  #giveUpReading(error: unknown): void {
    if (error instanceof Refusal) this.reader.release();
    else this.context.cancel(error);
  }

  /**
   * Requires that no drain has begun.
   *
   * @throws {Refusal} `draining`.
   */
  requireNoDrain(): void {
    if (this.draining.cancelled) throw drainRefusal();
  }

  /**
   * Notes that the client has sent its request, so that a drain lets it get an
   * answer.
   */
  noteRequest(): void {
    this.#leaveDrain?.();
    this.#leaveDrain = undefined;
  }

  /** Ends the time limit of the handshake, after the request is read. */
  endHandshake(): void {
    this.#handshake?.clear();
    this.#handshake = undefined;
    this.noteRequest();
    this.live?.endHandshake();
  }

  /**
   * Writes the answer to the client's request.
   *
   * @param bytes The answer.
   * @throws The socket's error.
   */
  answer(bytes: Uint8Array): Promise<void> {
    this.isAnswered = true;
    return this.client.write(bytes);
  }

  /** Bytes of the handshake received so far. */
  get handshakeBytes(): number {
    return this.client.received - this.#before;
  }

  /** Restarts the duration in the record, for a later request. */
  restartClock(): void {
    this.record.startedAt = Date.now();
    this.#started = performance.now();
    this.live?.restart();
  }

  /** Ends the duration in the record. Only the farewell follows. */
  stopClock(): void {
    this.record.duration ||= performance.now() - this.#started;
  }

  /** Logs the record unless that was done. Only the farewell follows. */
  log(): void {
    this.stopClock();
    if (this.isLogged) return;
    this.isLogged = true;
    this.services.log(this.record);
    this.live?.conclude(false);
  }

  /**
   * Closes the client: its context was cancelled. To end a session, cancel the
   * context.
   */
  cancel(): void {
    if (!this.isTunnelEnding) this.#close();
  }

  /** Closes both ends, returns all places and logs the record. */
  [Symbol.dispose](): void {
    this.endHandshake();
    this.#close();
    this.target?.[Symbol.dispose]();
    this.#place?.remove();
    this.#lease?.release();
    this.#kept?.release();
    this.usage?.release();
    this.stopClock();
    if (!this.isLogged) this.services.log(this.record);
    this.live?.leave(this.isLogged);
  }

  #close(): void {
    this.client.close();
    this.#outer?.close();
  }
}
