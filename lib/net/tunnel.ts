/**
 * Joins two connections until both directions have ended.
 *
 * @module
 */

import type { Context, Unregister } from "../sync/context.ts";
import { timeoutError } from "../sync/context.ts";
import type { Deadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import type { Duplex } from "./duplex.ts";
import { Flow, type FlowObserver } from "./flow.ts";

/** Which end of a tunnel. */
export type End = "client" | "target";

/** Options for {@linkcode tunnel}. */
export interface TunnelOptions {
  /** Milliseconds without a byte either way; 0 (the default) is for ever. */
  idleTimeout?: number;
  /**
   * Milliseconds without a byte that are left to one direction once the other
   * has reached end of file (default 30,000); 0 ends both at once. May differ by
   * whose end came first; `Infinity` leaves it at the idle timeout.
   */
  halfCloseTimeout?: number | Readonly<Record<End, number>>;
  /**
   * Keeps the target's connection for another client, where this one leaves it
   * in good order: milliseconds of silence, once the target has answered, after
   * which it is taken to have said all. The client's end of file is not sent on.
   */
  keepTarget?: number | undefined;
  /** Told when one direction has reached end of file, and the other goes on. */
  onHalfClose?: () => void;
}

/** How a tunnel ended. */
export interface TunnelResult {
  /** Bytes given to the target. */
  sent: number;
  /** Bytes given to the client. */
  received: number;
  /** Whose end came first; `undefined` where it was cut from outside. */
  endedFirst: End | undefined;
  /** Why it was cut; `undefined` where both directions reached end of file. */
  error: unknown;
  /** Whose connection failed, where that is why it was cut. */
  failed?: End;
  /**
   * Whether the target's connection is still open and in good order: no error,
   * no half-close, nothing unread or half-written. Nobody uses its streams.
   */
  isTargetKept?: true;
}

/**
 * Copies bytes both ways. End of file in one direction sends FIN to the other
 * side and gives the direction that is left its time; an error, a time limit
 * or a cancellation closes both connections at once. Nothing that was read is
 * dropped on a clean end, and both directions have ended on return.
 *
 * @param client The side that opened the tunnel.
 * @param target The side it was opened to.
 * @param context Cuts the tunnel when cancelled.
 * @param options Time limits.
 * @returns Counts, and how it ended: a failed tunnel is a result, not a throw.
 */
export function tunnel(
  client: Duplex,
  target: Duplex,
  context: Context,
  options: TunnelOptions = {},
): Promise<TunnelResult> {
  return new Tunnel(client, target, options).run(context);
}

class Tunnel implements FlowObserver {
  readonly #client: Duplex;
  readonly #target: Duplex;
  readonly #idleTimeout: number;
  readonly #halfCloseTimeout: Readonly<Record<End, number>>;
  readonly #keepTarget: number | undefined;
  readonly #onHalfClose: (() => void) | undefined;
  readonly #result: TunnelResult = {
    sent: 0,
    received: 0,
    endedFirst: undefined,
    error: undefined,
  };
  readonly #finished = Promise.withResolvers<TunnelResult>();
  #flows: readonly Flow[] = [];
  /** Directions that have not ended. */
  #going = 2;
  #before = { sent: 0, received: 0 };
  #unregister: Unregister | undefined;
  /** Whether it was cut, or left with the target kept. */
  #isOver = false;
  #hasTargetEnded = false;
  #stall: Deadline | undefined;
  #held = 0;

  constructor(client: Duplex, target: Duplex, options: TunnelOptions) {
    this.#client = client;
    this.#target = target;
    this.#idleTimeout = options.idleTimeout ?? 0;
    const { halfCloseTimeout: limit = 30_000 } = options;
    this.#halfCloseTimeout = typeof limit === "number"
      ? { client: limit, target: limit }
      : limit;
    this.#keepTarget = options.keepTarget;
    this.#onHalfClose = options.onHalfClose;
  }

  run(context: Context): Promise<TunnelResult> {
    const client = this.#client;
    const target = this.#target;
    this.#before = { sent: target.sent, received: client.sent };
    this.#watch(
      this.#idleTimeout,
      () => this.#leave(timeoutError(this.#idleTimeout, "Idle time")),
    );
    this.#unregister = context.onCancel((reason) => this.#cut(reason));
    this.#flows = [
      new Flow(client, target, this),
      new Flow(target, client, this),
    ];
    return this.#finished.promise;
  }

  /** A direction has come to its end of file. */
  onEnd({ from, to }: Flow): void {
    if (this.#isOver) return this.#leaveFlow();
    if (from === this.#target) this.#hasTargetEnded = true;
    const isKept = from === this.#client && this.#keepTarget !== undefined;
    const closing = isKept ? Promise.resolve() : to.closeWrite();
    const end = this.#endOf(from);
    closing.then(() => this.#end(end), (error) => this.#fail(error, other(end)))
      .then(() => this.#leaveFlow());
  }

  /** A direction was stopped. */
  onStop(): void {
    this.#leaveFlow();
  }

  /** A direction has failed. */
  onError({ from, to }: Flow, error: unknown): void {
    this.#fail(error, this.#endOf(to.failed ? to : from));
    this.#leaveFlow();
  }

  #endOf(duplex: Duplex): End {
    return duplex === this.#client ? "client" : "target";
  }

  #leaveFlow(): void {
    if (--this.#going > 0) return;
    this.#stall?.clear();
    this.#unregister?.();
    this.#client.releaseBuffer();
    this.#target.releaseBuffer();
    this.#result.sent = this.#target.sent - this.#before.sent;
    this.#result.received = this.#client.sent - this.#before.received;
    this.#finished.resolve(this.#result);
  }

  #end(end: End): void {
    if (this.#result.endedFirst !== undefined || this.#isOver) return;
    this.#result.endedFirst = end;
    this.#onHalfClose?.();
    this.#waitForOther(end);
  }

  #fail(error: unknown, end: End): void {
    if (this.#isOver) return;
    this.#result.failed = end;
    this.#result.endedFirst ??= end;
    this.#cut(error);
  }

  #cut(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#result.error = reason;
    // What is under way, such as a write for a peer that does not read, is ended
    // by closing the sockets alone.
    this.#client.close();
    this.#target.close();
  }

  /** Gives the direction that is left its time. */
  #waitForOther(ended: End): void {
    const limit = this.#halfCloseTimeout[ended];
    const late = () => this.#cut(timeoutError(limit, "Half-close time"));
    if (ended === "client" && this.#keepTarget !== undefined) {
      this.#waitForSilence(this.#keepTarget, late);
    } else if (limit === 0) this.#cut(undefined);
    else if (limit !== Infinity) this.#watch(limit, late);
  }

  /** Until the target has said all that it has to say to a client that left. */
  #waitForSilence(silence: number, late: () => void): void {
    let seen = this.#progress();
    let since = performance.now();
    const look = () => {
      const isBusy = this.#client.isWriting || this.#target.awaitsAnswer;
      if (!isBusy) return this.#leave(undefined);
      const now = this.#progress();
      if (now !== seen) since = performance.now();
      seen = now;
      if (performance.now() - since >= this.#halfCloseTimeout.client) late();
      else watch();
    };
    // A time of 0 would be none: it is the least that can be waited.
    const watch = () => this.#watch(Math.max(1, silence), look);
    watch();
  }

  /** Ends it without anybody's fault: the target may serve another client. */
  #leave(reason: unknown): void {
    const target = this.#target;
    const isInOrder = this.#keepTarget !== undefined &&
      !this.#hasTargetEnded &&
      !this.#client.isWriting && !target.isWriting && !target.awaitsAnswer;
    if (!isInOrder || this.#isOver) return this.#cut(reason);
    this.#isOver = true;
    this.#result.error = reason;
    this.#result.isTargetKept = true;
    // The read under way goes on: what it brings is for the next client.
    for (const flow of this.#flows) flow.stop();
    if (reason !== undefined) this.#client.close();
  }

  /** Replaces the watch before it. */
  #watch(limit: number, expire: () => void): void {
    this.#stall?.clear();
    this.#stall = watchStall(limit, () => this.#progress(), expire);
  }

  #progress(): number {
    const client = this.#client;
    const target = this.#target;
    // Waiting for a rate is not standing still.
    if (client.isHeld || target.isHeld) this.#held++;
    this.#probe(client, target, "client");
    this.#probe(target, client, "target");
    return client.sent + target.sent + this.#held;
  }

  /**
   * Nobody reads from an end whose bytes the other one does not take: that it
   * has reset, only a question tells.
   */
  #probe(from: Duplex, to: Duplex, end: End): void {
    if (!to.isWriting || from.isWriting) return;
    from.probe().catch((error: unknown) => this.#fail(error, end));
  }
}

function other(end: End): End {
  return end === "client" ? "target" : "client";
}
