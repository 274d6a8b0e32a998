/**
 * A listener whose connections can end with RST. Deno's own API cannot do that;
 * `node:net` can (tested: the peer sees ECONNRESET after everything written
 * before).
 *
 * @module
 */

import type { Socket } from "node:net";
import { BACKLOG } from "./system/backlog.ts";
import type { Listener } from "./listen.ts";
import { NodeConnection } from "./tls/node_connection.ts";

/** A connection that can be reset. */
export class ResettableConnection extends NodeConnection {
  readonly #socket: Socket;

  /**
   * Takes a socket over.
   *
   * @param socket An open socket, made with `allowHalfOpen: true`.
   */
  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
    socket.resume(); // It was accepted during a pause.
  }

  /** Sends RST and closes. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

/** A listener of such connections. */
export interface ResettableListener extends Listener {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** Waits for a connection; one caller at a time. */
  accept(): Promise<ResettableConnection>;
  /** Stops listening; a pending `accept()` rejects. */
  close(): void;
}

/**
 * Listens. `node:net` accepts everything immediately: connections wait here, up
 * to the backlog, and further ones are reset.
 *
 * @param hostname Address to listen on.
 * @param port Port, 1 to 65535.
 * @param backlog Most connections waiting to be taken (default 4,096).
 * @returns The listener; the caller closes it.
 * @throws The system's error if it cannot listen.
 */
export async function listenResettable(
  hostname: string,
  port: number,
  backlog: number = BACKLOG,
): Promise<ResettableListener> {
  const { createServer } = await import("node:net");
  const waiting: Socket[] = [];
  let taker: PromiseWithResolvers<ResettableConnection> | undefined;
  let isClosed = false;

  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    (socket) => {
      // A connection reset before it is taken must not end the program.
      socket.on("error", () => {});
      if (taker !== undefined) taker.resolve(new ResettableConnection(socket));
      else if (waiting.length < backlog) waiting.push(socket);
      else socket.resetAndDestroy();
      taker = undefined;
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: hostname, port, backlog }, () => resolve());
  await promise;

  function close(): void {
    isClosed = true;
    server.close();
    for (const socket of waiting.splice(0)) socket.destroy();
    taker?.reject(new Deno.errors.BadResource("Listener has been closed"));
  }

  return {
    addr: { transport: "tcp", hostname, port },
    accept() {
      if (isClosed) {
        throw new Deno.errors.BadResource("Listener has been closed");
      }
      const socket = waiting.shift();
      if (socket !== undefined) {
        return Promise.resolve(new ResettableConnection(socket));
      }
      taker = Promise.withResolvers();
      return taker.promise;
    },
    close,
    [Symbol.dispose]: close,
  };
}
