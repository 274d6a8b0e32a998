/**
 * A service manager that a test reads from.
 *
 * @module
 */

import { within } from "./sockets.ts";

/** Where a server sends what it has to tell; closed when disposed of. */
export interface NotifyReceiver extends Disposable {
  /** Waits for the next message; gives its lines. */
  next(): Promise<string[]>;
}

/** Receives what is told at a path, or at an abstract name behind `@`. */
export function receiveNotifications(address: string): NotifyReceiver {
  const path = address.replace(/^@/, "\0");
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    async next() {
      const [bytes] = await within(30_000, socket.receive());
      return new TextDecoder().decode(bytes).split("\n");
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
