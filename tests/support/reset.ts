/**
 * A client that can send RST. `Deno.Conn` can't: closing it sends FIN first.
 *
 * @module
 */

import { once } from "node:events";
import net from "node:net";

/** A connection that can be reset. */
export interface Resettable {
  /** The other end. */
  conn: Deno.TcpConn;
  /** Sends RST. */
  reset(): void;
  /** Waits until the near end has read the end of file. */
  ended(): Promise<void>;
}

/** Creates a connection over 127.0.0.1 whose near end can be reset. */
export async function resettable(): Promise<Resettable> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [socket, conn] = await Promise.all([
    connectResettable(listener.addr),
    listener.accept(),
  ]);
  return {
    conn,
    reset: () => socket.resetAndDestroy(),
    async ended() {
      socket.resume();
      await once(socket, "end");
    },
  };
}

/** Connects with a socket with `resetAndDestroy()`. */
export async function connectResettable(
  { hostname, port }: { hostname: string; port: number },
): Promise<net.Socket> {
  const socket = net.connect({ port, host: hostname, allowHalfOpen: true });
  socket.on("error", () => {});
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("connect", () => resolve());
  await promise;
  return socket;
}
