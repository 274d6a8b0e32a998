/**
 * Joins two connections until both directions have ended.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { timeoutError } from "../sync/context.ts";
import type { Deadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import type { Duplex } from "./duplex.ts";

/** Which end of a tunnel. */
export type End = "client" | "target";

/** Options for {@linkcode tunnel}. */
export interface TunnelOptions {
  /** Milliseconds without a byte either way; 0 (the default) is for ever. */
  idleTimeout?: number;
  /**
   * Milliseconds without a byte that are left to one direction once the other
   * has reached end of file (default 30,000); 0 ends both at once.
   */
  halfCloseTimeout?: number;
  /**
   * Keeps the target's connection for another client, where this one leaves it
   * in good order: milliseconds of silence, once the target has answered, after
   * which it is taken to have said all. The client's end of file is not sent on.
   */
  keepTarget?: number | undefined;
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
export async function tunnel(
  client: Duplex,
  target: Duplex,
  context: Context,
  options: TunnelOptions = {},
): Promise<TunnelResult> {
  const { idleTimeout = 0, halfCloseTimeout = 30_000, keepTarget } = options;
  const controller = new AbortController();
  const before = { sent: target.sent, received: client.sent };
  const result: TunnelResult = {
    sent: 0,
    received: 0,
    endedFirst: undefined,
    error: undefined,
  };
  let held = 0;
  const progress = () => {
    // Waiting for a rate is not standing still.
    if (client.isHeld || target.isHeld) held++;
    return client.sent + target.sent + held;
  };
  let stall: Deadline = watchStall(
    idleTimeout,
    progress,
    () => stop(timeoutError(idleTimeout, "Idle time")),
  );
  const unregister = context.onCancel(cut);

  function cut(reason: unknown): void {
    if (controller.signal.aborted) return;
    result.error = reason;
    controller.abort(reason);
    // pipeTo waits for the write that is under way, which may be for a peer
    // that does not read: only closing the sockets ends it.
    client.close();
    target.close();
  }

  /** Nobody has done wrong: the target can serve another client. */
  function stop(reason: unknown): void {
    const isIdle = keepTarget !== undefined && result.endedFirst !== "target" &&
      !client.isWriting && !target.isWriting && !target.awaitsAnswer;
    if (!isIdle || controller.signal.aborted) return cut(reason);
    if (reason !== undefined) result.error = reason;
    result.isTargetKept = true;
    // As a Go read is interrupted with SetDeadline: the read under way goes on,
    // and what it brings is the first thing that the next client's pump gets.
    controller.abort(new Error("Target is kept"));
    if (reason !== undefined) client.close();
  }

  /** After the client's end of file, until the target has said all. */
  function waitForSilence(silence: number, before = performance.now()): void {
    stall.clear();
    stall = watchStall(silence, progress, () => {
      const isBusy = client.isWriting || target.awaitsAnswer;
      const left = halfCloseTimeout - (performance.now() - before);
      if (!isBusy) stop(undefined);
      else if (left > 0) waitForSilence(silence, before);
      else cut(timeoutError(halfCloseTimeout, "Half-close time"));
    });
  }

  async function pump(from: Duplex, to: Duplex, end: End): Promise<void> {
    const isKept = keepTarget !== undefined && end === "client";
    try {
      await from.readable.pipeTo(to.writable, {
        signal: controller.signal,
        preventAbort: true,
        preventCancel: true,
        preventClose: isKept,
      });
    } catch (error) {
      if (result.isTargetKept) return;
      if (!controller.signal.aborted) {
        result.failed = to.failed ? other(end) : end;
        result.endedFirst ??= result.failed;
      }
      cut(error);
      return;
    }
    if (result.endedFirst !== undefined || controller.signal.aborted) return;
    result.endedFirst = end;
    if (isKept) {
      waitForSilence(keepTarget);
      return;
    }
    if (halfCloseTimeout === 0) {
      cut(undefined);
      return;
    }
    stall.clear();
    stall = watchStall(
      halfCloseTimeout,
      progress,
      () => cut(timeoutError(halfCloseTimeout, "Half-close time")),
    );
  }

  await Promise.all([
    pump(client, target, "client"),
    pump(target, client, "target"),
  ]);
  stall.clear();
  unregister();
  client.releaseBuffer();
  target.releaseBuffer();
  result.sent = target.sent - before.sent;
  result.received = client.sent - before.received;
  return result;
}

function other(end: End): End {
  return end === "client" ? "target" : "client";
}
