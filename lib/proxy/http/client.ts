/**
 * An HTTP client over all its requests.
 *
 * @module
 */

import { HttpReader } from "../../net/http_reader.ts";
import { HTTP_LINGER } from "../../net/linger.ts";
import type { End, TunnelResult } from "../../net/tunnel.ts";
import type { ConnectionEvent } from "../../observe/log_event.ts";
import { setDeadline } from "../../sync/deadline.ts";
import { type Head, MOST_EMPTY_LINES } from "../../wire/http1/head.ts";
import { farewell } from "../../serve/farewell.ts";
import { Origins } from "./origins.ts";
import { HttpRefusals } from "../../serve/http/refusals.ts";
import type { ProxySession } from "../../serve/proxy_services.ts";

/** Options for {@linkcode HttpClient}. */
export interface HttpClientOptions {
  /** Connections to origin servers (default none yet). */
  origins?: Origins;
  /** Whether it speaks in a tunnel that it has logged in for (default false). */
  isInTunnel?: boolean;
}

/** State that lasts over all requests of one client. */
export class HttpClient implements Disposable {
  /** The client. */
  readonly session: ProxySession;
  /** Reads from the client. */
  readonly reader: HttpReader;
  /** Idle connections to origin servers. */
  readonly origins: Origins;
  /** Whether it speaks in a tunnel: no request needs a login or a parent. */
  readonly isInTunnel: boolean;
  /** How to refuse it. */
  readonly refusals: HttpRefusals = new HttpRefusals();
  /** Bytes given to origin servers. */
  sent = 0;
  /** Bytes of answers given to the client. */
  received = 0;
  /** Requests that were begun. */
  requests = 0;
  /** Whether it is known to be allowed. */
  isKnown = false;

  #began = { at: 0, startedAt: 0, sent: 0, received: 0 };

  /**
   * Takes the connection over after the protocol was detected.
   *
   * @param session The client.
   * @param options What it comes with.
   */
  constructor(
    session: ProxySession,
    { origins = new Origins(), isInTunnel = false }: HttpClientOptions = {},
  ) {
    this.session = session;
    this.origins = origins;
    this.isInTunnel = isInTunnel;
    this.isKnown = isInTunnel;
    session.reader.release();
    session.linger = HTTP_LINGER;
    session.refusals = this.refusals;
    this.reader = new HttpReader(session.client);
    session.live?.meter(() => this);
  }

  /**
   * Waits for the next request. From its first byte on, the head has the
   * handshake timeout. Before that, and after only empty lines, the idle
   * timeout applies.
   *
   * @returns Its head; `undefined` if the connection has ended.
   * @throws {HttpError} If it is malformed.
   * @throws {Deno.errors.UnexpectedEof} If the connection ends within it, or
   *   after only empty lines before the first.
   */
  async nextHead(): Promise<Head | undefined> {
    let emptyLines: number | undefined;
    this.refusals.restart();
    this.session.isAnswered = false;
    if (this.requests > 0) {
      emptyLines = await this.#waitForRequest();
      if (emptyLines === undefined) return undefined;
    }
    this.#begin();
    const head = await this.#readHead(emptyLines);
    if (head === undefined && this.requests === 1) {
      throw new Deno.errors.UnexpectedEof(
        "Cannot read head: the client sent nothing",
      );
    }
    return head;
  }

  /**
   * Logs a finished request as its own event.
   *
   * @param how How it ended.
   */
  log(how: Pick<ConnectionEvent, "result" | "code" | "reason">): void {
    const { record, services } = this.session;
    const { at, startedAt } = this.#began;
    const event: ConnectionEvent = {
      ...record,
      startedAt,
      duration: performance.now() - at,
      ...this.carried,
      ...how,
    };
    services.log(event);
    // Between two requests it has nothing that could be refused.
    if (!this.isInTunnel) this.session.permit = undefined;
    this.session.isLogged = true;
    this.session.live?.endRequest(event);
  }

  /**
   * Makes the result of the connection.
   *
   * @param endedFirst The end that closed it first.
   * @param error Why it was cut, if it was.
   * @returns The result, with the bytes of the last request.
   */
  result(endedFirst: End | undefined, error?: unknown): TunnelResult {
    return { ...this.carried, endedFirst, error };
  }

  /** Bytes of the current request. */
  get carried(): { sent: number; received: number } {
    const { sent, received } = this.#began;
    return { sent: this.sent - sent, received: this.received - received };
  }

  /** Lingers so that the client can read the last answer. */
  async leave(): Promise<void> {
    if (this.reader.isEnded) return;
    this.release();
    await farewell(this.session, HTTP_LINGER);
  }

  /** Gives the stream back, for a tunnel or a last message. */
  release(): void {
    this.reader.release();
  }

  /** Closes the idle connections, and gives the stream back. */
  [Symbol.dispose](): void {
    this.release();
    this.origins[Symbol.dispose]();
    this.session.client.releaseBuffer();
  }

  /**
   * A client that is too slow with its head gets a 408 (RFC 9110 §15.5.9), and
   * during a drain an answer that says so.
   */
  async #readHead(emptyLines: number | undefined): Promise<Head | undefined> {
    const { session } = this;
    // The first head is within the session's handshake timeout.
    if (this.requests > 1 || this.isInTunnel) {
      session.requireNoDrain();
      session.beginHandshake(this.reader.bytes.length);
    }
    try {
      return await session.awaitRequest(
        () => this.reader.readHead(emptyLines),
        () => {
          this.refusals.isLate = true;
          this.release(); // Ends the wait, and leaves the connection open.
        },
      );
    } finally {
      session.endHandshake();
    }
  }

  /** Notes that a request begins, and resets the state of the last one. */
  #begin(): void {
    const { record } = this.session;
    this.session.isLogged = false;
    delete record.name;
    delete record.wouldDeny;
    if (!this.isInTunnel) {
      this.session.forgetLogin();
      delete record.target;
      delete record.address;
      delete record.via;
      delete record.rule;
    }
    if (this.requests > 0) this.session.restartClock();
    this.requests++;
    const { sent, received } = this;
    const at = performance.now();
    this.#began = { at, startedAt: Date.now(), sent, received };
  }

  /**
   * An idle connection ends at its timeout and when the proxy shuts down.
   *
   * @returns How many empty lines may still precede the head; `undefined` if
   *   the connection has ended.
   */
  async #waitForRequest(): Promise<number | undefined> {
    const { client, context, draining, services } = this.session;
    const { handshake, idle } = services.timeouts;
    const end = () => client.close();
    let left = this.reader.skipEmptyLines(MOST_EMPTY_LINES);
    if (this.reader.bytes.length > 0) return left;
    const leaveDrain = draining.onCancel(end);
    // An unauthenticated client gets no more than the handshake timeout.
    const deadline = setDeadline(this.isKnown ? idle : handshake, end);
    try {
      while (await this.reader.fill()) {
        left = this.reader.skipEmptyLines(left);
        if (this.reader.bytes.length > 0) return left;
      }
      return undefined;
    } catch (error) {
      // Between two requests a reset is a normal end.
      if (context.cancelled) throw error;
      return undefined;
    } finally {
      deadline.clear();
      leaveDrain();
    }
  }
}
