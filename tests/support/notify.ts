/**
 * A service manager from which a test reads.
 *
 * @module
 */

import { within } from "./sockets.ts";

/** The receiving socket of a service manager. Disposing of it closes it. */
export interface NotifyReceiver extends Disposable {
  /** Waits for the next message; returns its lines. */
  next(): Promise<string[]>;
}

/** Receives notifications at a path, or at an abstract name after `@`. */
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
