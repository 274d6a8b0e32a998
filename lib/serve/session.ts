/**
 * One client's connection while it is handled: what a protocol is given to
 * work with.
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
import type { Context, Unregister } from "../sync/context.ts";
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
 * One client's connection while it is handled.
 *
 * @typeParam S What its handler works with.
 */
export class Session<S extends ConnectionServices = ConnectionServices>
  implements Disposable {
  /** The connection to the client; {@linkcode Session.enter} replaces it. */
  client: Duplex;
  /** Where the client reached us. */
  readonly local: Deno.NetAddr;
  /** Where the client is; {@linkcode Session.actFor} changes it. */
  remote: Deno.NetAddr;
  /**
   * The address that the client connected to: ours, or the load balancer's that
   * announced the client.
   * {@linkcode Session.actFor} changes it.
   */
  reached: Deno.NetAddr;
  /** Reads the handshake. Release it before the tunnel. */
  reader: ByteReader;
  /** Cancelled when the connection has to end, which closes the client. */
  readonly context: Context;
  /** Cancelled when no more work should be begun. */
  readonly draining: Context;
  /** Shared by all connections. */
  readonly services: S;
  /** What the client is given of what all share; `undefined` is no limit. */
  usage: SessionUsage | undefined;
  /** Its entry in the registry; `undefined` if nothing watches. */
  readonly live: LiveConnection | undefined;
  /** Who the client is, once that is proved. */
  identity: Identity | undefined;
  /** What it was allowed, for the rules to be asked again. */
  permit: Permit | undefined;
  /** The server that the client has asked for in TLS, where it has. */
  serverName: string | undefined;
  /** Listeners of ours that the connection has come through, this one last. */
  trail: Trail;
  /** What it was agreed to speak in TLS (ALPN), where that was. */
  protocol: string | undefined;
  /** What will be logged; filled in as more is known. */
  readonly record: ConnectionEvent;
  /** How its protocol refuses it; `undefined` closes it without a word. */
  refusals: Refusals | undefined;
  /** The connection to the target, where it is closed with the session. */
  target: Disposable | undefined;
  /** Whether it has its answer, or a part of it: no refusal can follow. */
  isAnswered = false;

  /**
   * Whether its tunnel closes it when the context is cancelled: a reset may come
   * in place of the ordinary end.
   */
  isTunnelEnding = false;

  /** Set where all there is to log was logged, request by request. */
  isLogged = false;

  /** How long a refused client has to read why. */
  linger: LingerLimits = SOCKS_LINGER;

  #started = performance.now();
  #handshake: Deadline | undefined;
  #before = 0;
  #outer: Duplex | undefined;
  #certified: Identity | undefined;
  #leaveDrain: Unregister | undefined;
  /** Ends the wait for the request; the connection is closed where it is none. */
  #giveUp: ((error: unknown) => void) | undefined;
  readonly #place: BagEntry | undefined;
  #lease: Lease | undefined;
  /** The place of one that is over a limit. */
  #kept: Lease | undefined;
  #overLimit: unknown;

  /**
   * Takes a connection over and starts the time limit of its handshake.
   *
   * @param connection The connection, just accepted.
   * @param context Cancelled from outside to end it.
   * @param draining Cancelled from outside when the shutdown begins; ends it
   *   too as long as the client has not said what it wants.
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
    context.onCancel(() => {
      if (!this.isTunnelEnding) this.#close();
    });
    this.beginHandshake();
    this.#count();
  }

  /**
   * Takes the connection for that of another client, whom the peer has
   * announced: it is that one who is counted and logged.
   *
   * @param client Where that client is.
   * @param reached Where it has connected to.
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
   * Goes on inside of a layer around the connection, such as TLS. The reader
   * must have been released.
   *
   * @param inner What the layer makes of the connection; it is closed with it.
   * @param identity Who the client is by what it has shown to the layer.
   */
  enter(inner: Connection, identity?: Identity): void {
    this.#outer ??= this.client;
    this.client = new Duplex(inner);
    this.reader = new ByteReader(this.client);
    this.#before = 0;
    this.#certified = identity;
    this.forgetLogin();
  }

  /** Forgets the user; a certificate holds for the whole connection. */
  forgetLogin(): void {
    this.identity = this.#certified;
    delete this.record.user;
    if (this.identity !== undefined) this.record.user = this.identity.name;
  }

  /**
   * Ends a client that is over a limit, and too many are that already to wait
   * until it has said what it wants.
   *
   * @returns Resolves when another thread or machine has given a place, or has
   *   none; `undefined` if there is nothing to wait for.
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
   * Throws where the client is over a limit. Asked only when the client has
   * said what it wants, so that it can be told. A place that has become free
   * since the client connected is taken.
   *
   * @returns Resolves when another machine has given a place for the user;
   *   `undefined` if there is nothing to wait for.
   * @throws {Refusal} `limit reached`, or `banned` by an operator.
   */
  admit(): Promise<void> | undefined {
    this.services.watch?.requireUnbanned(this.remote.hostname);
    if (this.#lease === undefined) this.#takePlace();
    return this.usage?.admit(this.identity);
  }

  /**
   * Refuses to begin work for a client that is over a limit, or in a drain.
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
   * Lets the next connection that finds no place have this one's, which ends
   * it: nothing of it is needed any more, or it has not begun.
   */
  offerPlace(): void {
    const end = () => this.context.cancel(placeNeeded());
    (this.#lease ?? this.#kept)?.offer(end);
    this.usage?.offerPlace(end);
  }

  /** Takes that back: there is something to do for it. */
  keepPlace(): void {
    (this.#lease ?? this.#kept)?.withdraw();
    this.usage?.keepPlace();
  }

  /**
   * Starts the time limit of the handshake, which ends the connection. So does
   * a drain, until {@linkcode Session.noteRequest}.
   *
   * @param come Bytes of the handshake that have come before.
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
   * Waits for a request whose sender can be told when it is not waited for any
   * longer: its time is over, or there is a drain.
   *
   * @typeParam T What it is.
   * @param read Reads it.
   * @param giveUp Ends the reading; told why (default: the client is told of a
   *   drain, and who is late is closed).
   * @returns The request.
   * @throws Why it was given up.
   * @throws What `read` throws.
   */
  async awaitRequest<T>(
    read: () => Promise<T>,
    giveUp = (error: unknown) => this.#giveUpReading(error),
  ): Promise<T> {
    let late: unknown;
    // Not assigned as it is written: V8 puts such a function into its old space,
    // from where it keeps all of the connection until a full collection.
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
   * Throws in a drain: nothing is begun then.
   *
   * @throws {Refusal} `draining`.
   */
  requireNoDrain(): void {
    if (this.draining.cancelled) throw drainRefusal();
  }

  /** Notes that the client has said what it wants: it gets an answer. */
  noteRequest(): void {
    this.#leaveDrain?.();
    this.#leaveDrain = undefined;
  }

  /** Ends the time limit of the handshake, once the request is read. */
  endHandshake(): void {
    this.#handshake?.clear();
    this.#handshake = undefined;
    this.noteRequest();
    this.live?.endHandshake();
  }

  /**
   * Writes the answer that the client has waited for.
   *
   * @param bytes The answer.
   * @throws The socket's error.
   */
  answer(bytes: Uint8Array): Promise<void> {
    this.isAnswered = true;
    return this.client.write(bytes);
  }

  /** Bytes of the handshake that have come. */
  get handshakeBytes(): number {
    return this.client.received - this.#before;
  }

  /** Begins what the record calls the duration anew, for a later request. */
  restartClock(): void {
    this.record.startedAt = Date.now();
    this.#started = performance.now();
    this.live?.restart();
  }

  /** Ends what the record calls the duration: what follows is only farewell. */
  stopClock(): void {
    this.record.duration ||= performance.now() - this.#started;
  }

  /** Logs the record, where that was not done: what follows is only farewell. */
  log(): void {
    this.stopClock();
    if (this.isLogged) return;
    this.isLogged = true;
    this.services.log(this.record);
    this.live?.conclude(false);
  }

  /** Closes both ends, gives everything back and logs the record. */
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
