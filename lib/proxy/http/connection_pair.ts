/**
 * The client's and the origin server's connection during one request, and the
 * one place that cuts them.
 *
 * @module
 */

import { CutError } from "../../observe/cut_error.ts";
import { DialError } from "../../net/dial_error.ts";
import { resetDuplex } from "../../net/reset_relay.ts";
import type { End, TunnelResult } from "../../net/tunnel.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { timeoutError } from "../../sync/context.ts";
import { watchStall } from "../../sync/stall.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import { formatParent } from "../../wire/parent_url.ts";
import { describeError } from "../../observe/describe_error.ts";
import type { HttpClient } from "./client.ts";
import type { Origin } from "./origins.ts";
import { runTunnel } from "../../serve/run_tunnel.ts";

/** Why they were cut, and which end failed, if one did. */
interface Failure {
  end: End | undefined;
  error: unknown;
}

/** The client's connection and the origin server's, for one request. */
export class ConnectionPair implements Disposable {
  /** The client. */
  readonly client: HttpClient;
  /** The origin server, once there is one. */
  origin: Origin | undefined;
  /** Whether the request is done, so later failures do not matter. */
  isOver = false;
  /** Whether the end of the connection marks the end of the answer. */
  isUpToEnd = false;

  readonly #stop: () => void;
  #isBegun = false;
  #held = 0;
  #failure: Failure | undefined;

  /** Starts the idle timeout of both. */
  constructor(client: HttpClient) {
    this.client = client;
    const { context, services } = client.session;
    const { idle } = services.timeouts;
    const stall = watchStall(
      idle,
      () => this.progress(),
      () => this.cut(undefined, timeoutError(idle, "Idle time")),
    );
    const unregister = context.onCancel((why) => this.cut(undefined, why));
    // Not assigned as it is written, see `Session.awaitRequest`.
    const stop = () => {
      stall.clear();
      unregister();
    };
    this.#stop = stop;
  }

  /** Whether the answer has begun, so that no other can be sent. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Notes that the answer begins. */
  begin(): void {
    this.#isBegun = true;
    this.client.session.isAnswered = true;
  }

  /**
   * Returns a measure of progress, for the stall watch.
   *
   * @returns A number that changes when bytes were carried or only wait for
   *   their rate.
   */
  progress(): number {
    const { received, sent, session } = this.client;
    if (session.client.isHeld || this.origin?.duplex.isHeld) this.#held++;
    return sent + received + this.#held;
  }

  /** Whether they were cut. */
  get isCut(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Ends every wait for both. Only the first reason counts.
   *
   * @param end The end that failed, if one did.
   * @param error Why.
   */
  cut(end: End | undefined, error: unknown): void {
    if (this.isOver) return;
    this.#failure ??= { end, error };
    // Its buffer is not released: part of it may still be being written to the
    // client.
    this.origin?.duplex.close();
    if (this.isBegun) this.client.session.client.close();
  }

  /** Writes to the origin server. */
  async toOrigin(bytes: Uint8Array): Promise<void> {
    await this.origin!.duplex.write(bytes);
    this.client.sent += bytes.length;
  }

  /** Writes to the client; a failure cuts both. */
  async toClient(bytes: Uint8Array): Promise<void> {
    try {
      await this.client.session.client.write(bytes);
    } catch (error) {
      this.cut("client", error);
      throw error;
    }
    this.client.received += bytes.length;
  }

  /**
   * Finds the reason to refuse the client if there is no answer.
   *
   * @param thrown The error, which may be a consequence of the cut.
   * @returns The error to throw.
   */
  refusal(thrown: unknown): unknown {
    const { end, error } = this.#failure ?? { end: "target", error: thrown };
    if (error instanceof DialError || error instanceof Refusal) return error;
    const where = this.#describeOrigin();
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return new HttpError(504, `No answer from ${where} in time`);
    }
    if (end !== "target") return error;
    const what = error instanceof HttpError ? "Bad answer" : "No answer";
    const why = error instanceof Deno.errors.UnexpectedEof
      ? "it closed the connection"
      : describeError(error);
    return new HttpError(502, `${what} from ${where}: ${why}`, {
      cause: error,
    });
  }

  #describeOrigin(): string {
    const target = this.client.session.record.target!;
    const { relay } = this.origin!.target;
    return relay === undefined
      ? target
      : `${target} through ${formatParent(relay.parent)}`;
  }

  /**
   * Creates the result for an unfinished answer.
   *
   * @param thrown The error, which may be a consequence of the cut.
   * @returns How the client's connection ended.
   */
  failedResult(thrown: unknown): TunnelResult {
    const isEarly = thrown instanceof Deno.errors.UnexpectedEof;
    const error = isEarly
      ? new CutError("answer-incomplete", "answer ended too early")
      : thrown;
    const failure: Failure = this.#failure ?? { end: "target", error };
    const result = this.client.result(failure.end, failure.error);
    if (failure.end !== undefined) result.failed = failure.end;
    return result;
  }

  /**
   * Resets the client after an incomplete answer, so that it does not look
   * complete. If the origin server closed too early, the client can tell by the
   * length, if any.
   */
  async breakOff(thrown: unknown): Promise<void> {
    const { context, client, services } = this.client.session;
    const { resetRelay = "off", timeouts } = services;
    const hasClosed = thrown instanceof Deno.errors.UnexpectedEof;
    const isTold = hasClosed && !this.isUpToEnd;
    if (this.isCut || isTold || resetRelay === "off") return;
    this.stop();
    const pending = resetDuplex(client, timeouts.halfClose);
    const unregister = context.onCancel(() => pending?.hurry());
    await pending?.done;
    unregister();
    client.close();
  }

  /**
   * Joins both after a switch of protocols (RFC 9110 §7.8). Bytes already read
   * from one side go to the other first.
   *
   * @returns How the tunnel ended.
   */
  async join(): Promise<TunnelResult> {
    this.stop();
    this.client.release();
    this.origin!.reader.release();
    const { carried, session } = this.client;
    const result = await runTunnel(session, this.origin!.duplex);
    result.sent += carried.sent;
    result.received += carried.received;
    return result;
  }

  /** Stops the watch; nothing is cut any more. */
  stop(): void {
    this.isOver = true;
    this.#stop();
  }

  /**
   * Stops the watch and closes the origin server's connection, if still open.
   */
  [Symbol.dispose](): void {
    this.stop();
    this.origin?.close();
    this.client.session.usage?.rest();
  }
}
