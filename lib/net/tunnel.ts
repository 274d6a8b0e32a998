/**
 * Joins two connections until both directions have ended.
 *
 * @module
 */

import { type Context, timeoutError } from "../sync/context.ts";
import type { Deadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import type { Duplex } from "./duplex.ts";

/** Which end of a tunnel. */
export type End = "client" | "target";

/** Options for {@linkcode tunnel}. */
export interface TunnelOptions {
  /** Milliseconds without a byte either way; 0 (the default) disables it. */
  idleTimeout?: number;
  /**
   * Milliseconds without a byte that one direction has left once the other has
   * reached end of file (default 30,000). 0 ends both immediately, `Infinity`
   * leaves only the idle timeout. May differ by which end came first.
   */
  halfCloseTimeout?: number | Readonly<Record<End, number>>;
  /**
   * Keeps the target's connection for another client if this one leaves it in
   * good order. Milliseconds of silence after an answer that count as its end.
   * The client's end of file is not sent on.
   */
  keepTarget?: number | undefined;
  /** Called when one direction has reached end of file and the other goes on. */
  onHalfClose?: () => void;
}

/** How a tunnel ended. */
export interface TunnelResult {
  /** Bytes written to the target. */
  sent: number;
  /** Bytes written to the client. */
  received: number;
  /** Which end came first; `undefined` if the tunnel was cut from outside. */
  endedFirst: End | undefined;
  /** Why it was cut; `undefined` if both directions reached end of file. */
  error: unknown;
  /** Which connection failed, if that is why it was cut. */
  failed?: End;
  /**
   * Whether the target's connection is still open and in good order: no error,
   * no half-close, nothing half-written. Its streams are unlocked.
   */
  isTargetKept?: true;
}

/**
 * Copies bytes both ways until both directions have ended.
 *
 * Each direction is one `pipeTo` with the signal of one `AbortController`, the
 * analogue of two `io.Copy` under one `context.WithCancel`. End of file in one
 * direction sends FIN to the other side and starts the half-close timeout. An
 * error, a time limit or a cancellation aborts both directions and closes both
 * connections. Nothing that was read is dropped on a clean end, and both pipes
 * have settled on return.
 *
 * @param client The side that opened the tunnel.
 * @param target The side it was opened to.
 * @param context Aborts the tunnel when cancelled.
 * @param options Time limits.
 * @returns Counts, and how it ended: a failed tunnel is a result, not a throw.
 */
export function tunnel(
  client: Duplex,
  target: Duplex,
  context: Context,
  options: TunnelOptions = {},
): Promise<TunnelResult> {
  const controller = new AbortController();
  const join = new Join(client, target, controller, options);
  const unregister = context.onCancel(join.abort);
  const { signal } = controller;
  const { keepTarget } = options;
  const [up, down] = keepTarget === undefined ? [{ signal }, { signal }] : [
    { signal, preventClose: true, preventAbort: true },
    { signal, preventCancel: true },
  ];
  join.add("client", client.readable.pipeTo(target.writable, up));
  join.add("target", target.readable.pipeTo(client.writable, down));
  return join.result(unregister);
}

/** Two pipes under one controller: who has ended, how, and what is left. */
class Join {
  readonly #client: Duplex;
  readonly #target: Duplex;
  readonly #controller: AbortController;
  readonly #halfCloseTimeout: Readonly<Record<End, number>>;
  readonly #keepTarget: number | undefined;
  readonly #onHalfClose: (() => void) | undefined;
  readonly #before: { readonly sent: number; readonly received: number };
  readonly #settled = Promise.withResolvers<void>();
  readonly #result: TunnelResult = {
    sent: 0,
    received: 0,
    endedFirst: undefined,
    error: undefined,
  };
  /** Pipes that have not settled. */
  #going = 0;
  #isOver = false;
  #stall: Deadline | undefined;
  #held = 0;

  constructor(
    client: Duplex,
    target: Duplex,
    controller: AbortController,
    options: TunnelOptions,
  ) {
    const { halfCloseTimeout: limit = 30_000, idleTimeout = 0 } = options;
    this.#client = client;
    this.#target = target;
    this.#controller = controller;
    this.#halfCloseTimeout = typeof limit === "number"
      ? { client: limit, target: limit }
      : limit;
    this.#keepTarget = options.keepTarget;
    this.#onHalfClose = options.onHalfClose;
    this.#before = { sent: target.sent, received: client.sent };
    this.#watch(
      idleTimeout,
      () => this.#leave(timeoutError(idleTimeout, "Idle time")),
    );
  }

  /** Takes one direction in, which ends where `end` does. */
  add(end: End, pipe: Promise<void>): void {
    this.#going++;
    pipe.then(() => this.#end(end), (error) => this.#fail(error, end));
  }

  /** Ends both directions, and closes both connections. */
  readonly abort = (reason: unknown): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#result.error = reason;
    this.#controller.abort(reason);
    // A write to a peer that does not read would go on for ever.
    this.#client.close();
    this.#target.close();
  };

  /** Waits until both directions have settled. */
  async result(unregister: () => void): Promise<TunnelResult> {
    await this.#settled.promise;
    unregister();
    this.#stall?.clear();
    this.#result.sent = this.#target.sent - this.#before.sent;
    this.#result.received = this.#client.sent - this.#before.received;
    return this.#result;
  }

  /** One direction has reached end of file, and has sent FIN. */
  #end(end: End): void {
    if (!this.#isOver && this.#result.endedFirst === undefined) {
      this.#result.endedFirst = end;
      this.#onHalfClose?.();
      this.#waitForOther(end);
    }
    this.#settle();
  }

  /** One direction has failed, or was aborted. */
  #fail(error: unknown, from: End): void {
    const to = from === "client" ? this.#target : this.#client;
    this.#cut(error, to.failed ? other(from) : from);
    this.#settle();
  }

  #settle(): void {
    if (--this.#going === 0) this.#settled.resolve();
  }

  #cut(error: unknown, failed: End): void {
    if (this.#isOver) return;
    this.#result.failed = failed;
    this.#result.endedFirst ??= failed;
    this.abort(error);
  }

  /** Gives the remaining direction its time. */
  #waitForOther(ended: End): void {
    const limit = this.#halfCloseTimeout[ended];
    const late = () => this.abort(timeoutError(limit, "Half-close time"));
    if (ended === "client" && this.#keepTarget !== undefined) {
      this.#waitForSilence(this.#keepTarget, late);
    } else if (limit === 0) this.abort(undefined);
    else if (limit !== Infinity) this.#watch(limit, late);
  }

  /** Until the target has sent its whole answer to a client that left. */
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
    // A time of 0 would disable it: 1 is the shortest wait.
    const watch = () => this.#watch(Math.max(1, silence), look);
    watch();
  }

  /** Ends it without an error: the target may serve another client. */
  #leave(reason: unknown): void {
    const client = this.#client;
    const target = this.#target;
    const isInOrder = this.#keepTarget !== undefined &&
      !target.readable.isOver &&
      !client.isWriting && !target.isWriting && !target.awaitsAnswer;
    if (!isInOrder || this.#isOver) return this.abort(reason);
    this.#isOver = true;
    this.#result.error = reason;
    this.#result.isTargetKept = true;
    // A read of the target under way goes on: its bytes are for the next client.
    this.#controller.abort(reason);
  }

  /** Replaces the previous watch. */
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
   * Nobody reads from an end whose bytes the other one does not take: only a
   * question tells that it has reset.
   */
  #probe(from: Duplex, to: Duplex, end: End): void {
    if (!to.isWriting || from.isWriting) return;
    from.probe().catch((error: unknown) => this.#cut(error, end));
  }
}

function other(end: End): End {
  return end === "client" ? "target" : "client";
}
