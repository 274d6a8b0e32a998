/**
 * A layer such as TLS over a connection that was parked.
 *
 * @module
 */

import type { Channel } from "./connection.ts";
import type { Duplex } from "./duplex.ts";

/**
 * Makes a channel of streams that are still being read from, as those of a
 * parked connection are: what that read brings comes first.
 *
 * @param duplex The streams; nothing else may use them from then on.
 * @returns The channel; to dispose of it closes the connection.
 */
export function parkedChannel(duplex: Duplex): Channel {
  const channel = duplex.channel();
  let isFirst = true;
  return {
    ...channel,
    async read(buffer) {
      if (isFirst) {
        isFirst = false;
        const bytes = await duplex.receive();
        if (bytes) duplex.unread(bytes.slice()); // Its buffer is used again.
        duplex.releaseBuffer();
        if (bytes === null) return null;
      }
      return await channel.read(buffer);
    },
  };
}
