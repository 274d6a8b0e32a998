/**
 * Closing so that the last message arrives.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { setDeadline } from "../sync/deadline.ts";
import { watchStall } from "../sync/stall.ts";
import { discard } from "./discard.ts";
import type { Duplex } from "./duplex.ts";

/** How long, and how much, is read behind the last message. */
export interface LingerLimits {
  /** Milliseconds without a byte. */
  readonly idle: number;
  /** Milliseconds in all. */
  readonly total: number;
  /** Bytes that are thrown away. */
  readonly bytes: number;
}

/** Behind the last message of a conversation, of which nothing is left over. */
export const LINGER: LingerLimits = {
  idle: 2_000,
  total: 2_000,
  bytes: 1024 * 1024,
};

/**
 * Behind an answer of HTTP, whose request may be a long upload: most clients
 * send it to its end before they read the answer.
 */
export const HTTP_LINGER: LingerLimits = {
  idle: 5_000,
  total: 60_000,
  bytes: 128 * 1024 * 1024,
};

/** Behind a refusal of SOCKS, which has ten seconds (RFC 1928 §6). */
export const SOCKS_LINGER: LingerLimits = {
  idle: 10_000,
  total: 10_000,
  bytes: 128 * 1024 * 1024,
};

/**
 * Sends FIN and waits for the peer's, throwing away what it still sends.
 * Closing at once would answer unread bytes with RST, which makes the peer
 * throw away the message that was on its way to it (RFC 1122 §4.2.2.13), or
 * stop before it reads it. Reading keeps to the pace of the connection.
 *
 * @param peer Connection; still to be closed afterwards.
 * @param limits When it is closed anyway.
 * @param draining Closes it when cancelled; where it is already, `LINGER` is
 *   the most.
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
    if (peer.isHeld) held++; // It waits for us.
    return peer.received + held;
  }, close);
  try {
    await peer.closeWrite();
    await discard(peer, bytes);
  } catch {
    // The peer has gone, or was closed by a limit: that is the end too.
  } finally {
    deadline.clear();
    stall.clear();
    leaveDrain?.();
    peer.inbox.take(); // Nobody wants what is left.
    peer.releaseBuffer();
  }
}
