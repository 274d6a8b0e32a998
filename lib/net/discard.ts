/**
 * Reads unwanted bytes up to the end.
 *
 * @module
 */

import { ByteReader } from "./byte_reader.ts";
import type { Duplex } from "./duplex.ts";

/**
 * Reads to end of file and discards the bytes, at the pace of the connection.
 *
 * @param peer Connection to read; its stream is not locked.
 * @param most Bytes that it may still send.
 * @returns `true` at end of file; `false` if the peer has sent more than that.
 * @throws The socket's error.
 */
export async function discard(peer: Duplex, most: number): Promise<boolean> {
  const end = peer.received + most;
  const reader = new ByteReader(peer);
  while (peer.received <= end) {
    if (await reader.readSome() !== undefined) continue;
    reader.release();
    return true;
  }
  reader.release();
  return false;
}
