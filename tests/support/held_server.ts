/**
 * A server that leaves its connections to the test.
 *
 * @module
 */

import { startServer } from "./sockets.ts";

/** A server whose connections stay open until it is disposed of. */
export interface HeldServer extends AsyncDisposable {
  /** Listening address. */
  readonly addr: Deno.NetAddr;
  /** Its first connection. */
  readonly accepted: Promise<Deno.TcpConn>;
}

/** Starts a server on 127.0.0.1 that neither reads, writes nor closes. */
export function startHeld(): HeldServer {
  const accepted = Promise.withResolvers<Deno.TcpConn>();
  const finish = Promise.withResolvers<void>();
  const server = startServer((conn) => {
    accepted.resolve(conn);
    return finish.promise;
  });
  return {
    addr: server.addr,
    accepted: accepted.promise,
    async [Symbol.asyncDispose]() {
      finish.resolve();
      await server[Symbol.asyncDispose]();
    },
  };
}
