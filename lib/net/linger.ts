/**
 * Closes a connection so that the last message arrives.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import { discard } from "./discard.ts";
import type { Duplex } from "./duplex.ts";

/** How long and how much to read after the last message. */
export interface LingerLimits {
  /** Milliseconds without a byte. */
  readonly idle: number;
  /** Milliseconds in total. */
  readonly total: number;
  /** Most bytes to discard. */
  readonly bytes: number;
}

/** After the last message of a complete exchange. */
export const LINGER: LingerLimits = {
  idle: 2_000,
  total: 2_000,
  bytes: 1024 * 1024,
};

/**
 * After an HTTP answer, whose request may be a long upload: most clients send
 * all of it before they read the answer.
 */
export const HTTP_LINGER: LingerLimits = {
  idle: 5_000,
  total: 60_000,
  bytes: 128 * 1024 * 1024,
};

/** After a SOCKS refusal, which has ten seconds (RFC 1928 §6). */
export const SOCKS_LINGER: LingerLimits = {
  idle: 10_000,
  total: 10_000,
  bytes: 128 * 1024 * 1024,
};

/**
 * Sends FIN and waits for the peer's, discarding what it still sends. An
 * immediate close would answer unread bytes with RST, and the peer would
 * discard the last message (RFC 1122 §4.2.2.13) or not read it. Reading keeps
 * to the pace of the connection.
 *
 * @param peer The connection; the caller closes it afterwards.
 * @param limits Limits of the wait.
 * @param draining Ends the wait when cancelled; if it is cancelled already,
 *   `LINGER` is the most.
 */
export async function linger(
  peer: Duplex,
  limits: LingerLimits,
  draining?: Context,
): Promise<void> {
  const { idle, total, bytes } = draining?.cancelled ? LINGER : limits;
  const close = () => peer.close();
  const leaveDrain = draining?.cancelled
    ? undefined
    : draining?.onCancel(close);
  const deadline = setDeadline(total, close);
  let held = 0;
  const stall = watchStall(idle, () => {
    if (peer.isHeld) held++; // The peer waits for us.
    return peer.received + held;
  }, close);
  try {
    await peer.closeWrite();
    await discard(peer, bytes);
  } catch {
    // The peer is gone, or a limit closed it: that is an end too.
  } finally {
    deadline.clear();
    stall.clear();
    leaveDrain?.();
    peer.inbox.take(); // The rest is not wanted.
    peer.releaseBuffer();
  }
}
