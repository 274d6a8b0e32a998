/**
 * Closing so that the last message arrives.
 *
 * @module
 */

import { setDeadline } from "../sync/deadline.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Duplex } from "./duplex.ts";

/**
 * How long a client has to leave after the last message, in milliseconds. RFC
 * 1928 §6 allows ten seconds; a client that reads needs no two.
 */
export const LINGER = 2_000;

/** A client that sends more than this after its refusal is cut off. */
const MOST_DISCARDED = 1024 * 1024;

/**
 * Sends FIN and waits for the peer's, throwing away what it still sends.
 * Closing at once would answer unread bytes with RST, which makes the peer
 * throw away the message that was on its way to it (RFC 1122 §4.2.2.13).
 *
 * @param peer Connection; still to be closed afterwards.
 * @param timeout Milliseconds until it is closed anyway.
 */
export async function linger(peer: Duplex, timeout: number): Promise<void> {
  const deadline = setDeadline(timeout, () => peer.close());
  try {
    await peer.closeWrite();
    const most = peer.received + MOST_DISCARDED;
    const reader = new ByteReader(peer);
    while (peer.received < most && await reader.readSome() !== undefined);
    reader.release();
  } catch {
    // The peer has gone, or was closed by the deadline: that is the end too.
  } finally {
    deadline.clear();
    peer.inbox.take(); // Nobody wants what is left.
    peer.releaseBuffer();
  }
}
