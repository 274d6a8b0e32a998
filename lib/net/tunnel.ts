/**
 * Joins two connections until both directions have ended.
 *
 * @module
 */

import type { BagEntry } from "../sync/bag.ts";
import { type Context, timeoutError } from "../sync/context.ts";
import type { Deadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import type { Duplex } from "./duplex.ts";
import {
  type EndingOptions,
  EndingPeer,
  type ResetRelay,
} from "./reset_relay.ts";

/** One end of a tunnel. */
export type End = "client" | "target";

/** Options for {@linkcode tunnel}. */
export interface TunnelOptions {
  /** Milliseconds without a byte either way; 0 (the default) disables it. */
  idleTimeout?: number;
  /**
   * Milliseconds without a byte after which one direction ends once the other
   * has reached end of file (default 30,000). 0 ends both immediately,
   * `Infinity` leaves only the idle timeout. May differ by which end came
   * first.
   */
  halfCloseTimeout?: number | Readonly<Record<End, number>>;
  /**
   * Keeps the target's connection for another client if this one leaves it in
   * good order. Milliseconds of silence after an answer that count as its end.
   * The client's end of file is not sent on.
   */
  keepTarget?: number | undefined;
  /**
   * What reaches the other end as a reset. Default: the first error closes both
   * ends; that suits a client with independent halves, such as standard input
   * and output.
   */
  resetRelay?: ResetRelay;
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
 * direction sends FIN to the other side and starts the half-close timeout. A
 * time limit or a cancellation aborts both directions and closes both
 * connections. So does an error, unless it is relayed as a reset after
 * everything read before it; a reset by an end that had sent FIN is then no
 * error. Nothing that was read is dropped on a clean end, and both pipes have
 * settled on return.
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
  join.place = context.attach(join);
  const { signal } = controller;
  const { keepTarget } = options;
  // The error of one pipe does not end the other: one place decides how they
  // end together.
  const down = { signal, preventAbort: true, preventCancel: true };
  const up = keepTarget === undefined ? down : { ...down, preventClose: true };
  join.add("client", client.readable.pipeTo(target.writable, up));
  join.add("target", target.readable.pipeTo(client.writable, down));
  return join.ended;
}

/** Shared, because most tunnels need no list of their own. */
const NOTHING: readonly never[] = [];

/**
 * Two pipes under one controller: which end has finished, how, and what
 * remains.
 */
class Join {
  readonly #client: Duplex;
  readonly #target: Duplex;
  readonly #controller: AbortController;
  readonly #halfCloseTimeout: Readonly<Record<End, number>>;
  readonly #keepTarget: number | undefined;
  readonly #resetRelay: ResetRelay | undefined;
  readonly #onHalfClose: (() => void) | undefined;
  /** Bytes sent to each end before the tunnel. */
  readonly #before: Readonly<Record<End, number>>;
  /** Its entry in the context. */
  place: BagEntry | undefined;
  #resolve!: (result: TunnelResult) => void;
  /** How it ended, once both directions have settled. */
  readonly ended: Promise<TunnelResult> = new Promise((resolve) => {
    this.#resolve = resolve;
  });
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
  /** The end that failed: bytes that it sent before still count. */
  #lost: { readonly end: End; readonly error: unknown } | undefined;
  #ending: readonly EndingPeer[] = NOTHING;
  /** Bytes that one end had sent, if any, when the other one ended. */
  #said: number | undefined;

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
    this.#resetRelay = options.resetRelay;
    this.#onHalfClose = options.onHalfClose;
    this.#before = { client: client.sent, target: target.sent };
    const late = () => this.#leave(timeoutError(idleTimeout, "Idle time"));
    this.#watch(idleTimeout, late);
  }

  /** Adds one direction, whose source is `end`. */
  add(end: End, pipe: Promise<void>): void {
    this.#going++;
    pipe.then(() => this.#end(end), (error) => this.#fail(error, end));
  }

  /** Ends both directions, and closes both connections. */
  cancel(reason: unknown): void {
    if (this.#isOver) return this.#hurry();
    const isReset = this.#resetRelay === "all" && reason !== undefined;
    this.#finish(reason);
    for (const peer of [this.#client, this.#target]) {
      if (isReset) this.#endPeer(peer, { isReset, patience: 0 });
      // A write to a peer that does not read would never end.
      else peer.close();
    }
  }

  #hurry(): void {
    for (const ending of this.#ending) ending.hurry();
  }

  #finish(reason: unknown): void {
    this.#isOver = true;
    this.#result.error = reason;
    this.#controller.abort(reason);
  }

  #endPeer(
    peer: Duplex,
    options: EndingOptions,
    onEnd?: (wasThere: boolean) => void,
  ): void {
    this.#going++;
    const ending = new EndingPeer(peer, options);
    this.#ending = [...this.#ending, ending];
    void ending.done.then((wasThere) => {
      onEnd?.(wasThere);
      this.#settle();
    });
  }

  /** One direction has reached end of file, and has sent FIN. */
  #end(end: End): void {
    if (!this.#isOver && this.#result.endedFirst === undefined) {
      this.#result.endedFirst = end;
      this.#noteSaid(other(end));
      this.#onHalfClose?.();
      if (this.#lost?.end === end) this.#conclude(this.#lost.error, end);
      else this.#waitForOther(end);
    }
    this.#settle();
  }

  /** One direction has failed, or was aborted. */
  #fail(error: unknown, from: End): void {
    const end = this.#duplex(from).inbox.hasFailed ? from : other(from);
    if (this.#resetRelay === undefined) this.#cut(error, end);
    else this.#lose(error, end, end !== from && this.#going > 1);
    this.#settle();
  }

  /**
   * One end has failed. If a pipe is still delivering bytes that it sent
   * before, that pipe finishes first, and its end tells whether this is an
   * error.
   */
  #lose(error: unknown, end: End, isHeard: boolean): void {
    if (this.#isOver) return;
    if (!isHeard) this.#conclude(error, end);
    else if (this.#lost === undefined) {
      this.#lost = { end, error };
      const limit = this.#halfCloseTimeout[other(end)];
      const late = () => this.#cut(error, end, 0);
      if (limit === 0) late();
      else this.#watch(limit, late);
    }
  }

  #settle(): void {
    if (--this.#going > 0) return;
    this.place?.remove();
    this.#stall?.clear();
    this.#result.sent = this.#target.sent - this.#before.target;
    this.#result.received = this.#client.sent - this.#before.client;
    this.#resolve(this.#result);
  }

  /**
   * All bytes that an end sent before it failed are delivered. It is no error
   * if the end had sent FIN and was owed no more bytes.
   */
  #conclude(error: unknown, end: End): void {
    const hasEnded = this.#duplex(end).inbox.hasEnded;
    if (hasEnded && this.#client.inbox.hasEnded) this.cancel(undefined);
    else this.#cut(error, end);
  }

  /** Ends the tunnel with an error of one end, and relays it to the other. */
  #cut(
    error: unknown,
    failed: End,
    patience = this.#halfCloseTimeout[failed],
  ): void {
    if (this.#isOver) return;
    const mode = this.#resetRelay;
    this.#result.failed = failed;
    this.#result.endedFirst ??= failed;
    if (mode === undefined) return this.cancel(error);
    this.#finish(error);
    this.#duplex(failed).close();
    const rest = this.#duplex(other(failed));
    // An end that had sent FIN has nothing more to tell the other one.
    const isReset = mode !== "off" && !this.#duplex(failed).inbox.hasEnded;
    this.#endPeer(rest, { isReset, patience }, (wasThere) => {
      // Both had ended or are gone.
      if (!wasThere || this.#isFarewell(failed)) {
        this.#result.error = undefined;
        delete this.#result.failed;
      }
    });
  }

  #noteSaid(end: End): void {
    const hearer = other(end);
    const hasSpoken = this.#duplex(hearer).sent > this.#before[hearer];
    if (hasSpoken) this.#said = this.#duplex(end).received;
  }

  /**
   * Whether an end sent data before the other one ended, and none since: it
   * owed no answer. Many programs close without reading to the end, which
   * causes a reset.
   */
  #isFarewell(end: End): boolean {
    return this.#result.endedFirst === other(end) &&
      this.#duplex(end).received === this.#said;
  }

  #duplex(end: End): Duplex {
    return end === "client" ? this.#client : this.#target;
  }

  /** Starts the half-close timeout of the remaining direction. */
  #waitForOther(ended: End): void {
    const limit = this.#halfCloseTimeout[ended];
    const late = () => this.cancel(timeoutError(limit, "Half-close time"));
    if (ended === "client" && this.#keepTarget !== undefined) {
      this.#waitForSilence(this.#keepTarget, late);
    } else if (limit === 0) this.cancel(undefined);
    else if (limit !== Infinity) this.#watch(limit, late);
  }

  /** Waits until the target has sent its whole answer to a client that left. */
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
    if (!isInOrder || this.#isOver) return this.cancel(reason);
    this.#isOver = true;
    this.#result.error = reason;
    this.#result.isTargetKept = true;
    // A pending read of the target goes on: its bytes go to the next client.
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
    // A wait for a rate limit is not a stall.
    if (client.isHeld || target.isHeld) this.#held++;
    this.#probe(client, target, "client");
    this.#probe(target, client, "target");
    return client.sent + target.sent + this.#held;
  }

  /**
   * An end is not read while the other one takes no bytes, so only a probe
   * notices its reset.
   */
  #probe(from: Duplex, to: Duplex, end: End): void {
    if (!to.isWriting || from.isWriting) return;
    from.probe().catch((error: unknown) => {
      if (this.#resetRelay === undefined) this.#cut(error, end);
      else this.#lose(error, end, true);
    });
  }
}

function other(end: End): End {
  return end === "client" ? "target" : "client";
}
